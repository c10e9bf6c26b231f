"""Commands that answer with songs or pictures of them: recommend, similar, map, show, export."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from recsys.cli.app import JsonOption, app, export_app
from recsys.cli.output import TerminalReport, print_json, print_table

Count = Annotated[int, typer.Option("-k", min=1, max=10_000, help="How many songs.")]
ArtistCap = Annotated[
    int | None, typer.Option("--artist-cap", min=1, help="At most this many songs of one artist.", show_default=False)
]


@app.command()
def recommend(
    context: typer.Context,
    user: Annotated[
        str | None, typer.Option("--user", "-u", help="Whose taste; an unknown one gets the fallback.", show_default=False)
    ] = None,
    like: Annotated[
        list[str] | None,
        typer.Option("--like", help="A song (id) this person likes; may be given many times.", show_default=False),
    ] = None,
    k: Count = 10,
    artist_cap: ArtistCap = None,
    explore: Annotated[
        float,
        typer.Option("--explore", help="From accurate (0) to exploratory (1): how much popularity counts against a song."),
    ] = 0.0,
    users_file: Annotated[
        Path | None, typer.Option("--users-file", help="A text file with a user a line; needs --out.", show_default=False)
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Parquet file for --users-file.", show_default=False)] = None,
    json: JsonOption = False,
) -> None:
    """Recommend songs that this person has not heard, each with its source and a reason."""
    from recsys.steps import recommend as step

    if user == "":
        raise typer.BadParameter("--user must not be empty")
    if (users_file is None) != (out is None):
        raise typer.BadParameter("--users-file and --out go together")
    if users_file is not None and out is not None:
        if user is not None or like:
            raise typer.BadParameter("--users-file does not go with --user or --like")
        many = step.recommend_many(
            context.obj, users_file, out, k=k, artist_cap=artist_cap, explore=explore, report=TerminalReport()
        )
        for note in many["notes"]:
            typer.echo(note, err=True)
        if json:
            print_json(many)
        else:
            typer.echo(many["summary"])
        return
    answer = step.recommend(context.obj, user=user, likes=like or [], k=k, artist_cap=artist_cap, explore=explore)
    for note in answer["notes"]:
        typer.echo(note, err=True)
    if json:
        print_json(answer)
        return
    rows = [(i["rank"], i["artist"], i["title"], i["track_id"], i["score"], i["source"], i["reason"]) for i in answer["items"]]
    who = f"Recommended for {user}" if user is not None else "Recommended"
    print_table(("#", "artist", "title", "id", "score", "source", "why"), rows, title=who, right=("#", "score"))


@app.command()
def similar(
    context: typer.Context,
    song: Annotated[str, typer.Argument(help="Id of a song.", show_default=False)],
    k: Count = 10,
    artist_cap: ArtistCap = None,
    json: JsonOption = False,
) -> None:
    """Songs that sound alike; similarity lies in [0, 1], 1 = same."""
    from recsys.steps import pictures

    answer = pictures.similar(context.obj, song, k=k, artist_cap=artist_cap)
    if json:
        print_json(answer)
        return
    items = answer["items"]
    rows = [[i["rank"], i["artist"], i["title"], i["track_id"], i["similarity"], ", ".join(i["tags"])] for i in items]
    columns = ["#", "artist", "title", "id", "similarity", "both (predicted)"]
    if not any(i["tags"] for i in items):
        rows, columns = [row[:-1] for row in rows], columns[:-1]
    print_table(columns, rows, title=f"Sounds like {answer['name']}", right=("#", "similarity"))


@app.command("map")
def draw_map(
    context: typer.Context,
    label: Annotated[
        str | None,
        typer.Option(
            "--label", help="Colour by this label; default: what the network learned, or predicted tags.", show_default=False
        ),
    ] = None,
    tags: Annotated[bool, typer.Option("--tags", help="Colour by predicted tags.")] = False,
    json: JsonOption = False,
) -> None:
    """Draw all songs in the three main axes of their embeddings: an interactive page and a picture."""
    from recsys.steps import pictures

    if tags and label is not None:
        raise typer.BadParameter("--label and --tags do not go together")
    answer = pictures.draw_map(context.obj, label=label, tags=tags)
    if json:
        print_json(answer)
    else:
        typer.echo(answer["summary"])


@app.command()
def show(
    context: typer.Context,
    song: Annotated[str, typer.Argument(help="Id of a song.", show_default=False)],
    png: Annotated[Path, typer.Option("--png", help="Where the picture goes.", show_default=False)],
    json: JsonOption = False,
) -> None:
    """Draw one song: wave, STFT, CQT, chroma, tempogram, mel, MFCC, contrast, tonnetz and the whole hyper-image."""
    from recsys.steps import pictures

    answer = pictures.show(context.obj, song, png)
    if json:
        print_json(answer)
    else:
        typer.echo(answer["summary"])


@export_app.command("embeddings")
def export_embeddings(
    context: typer.Context,
    out: Annotated[
        Path,
        typer.Option("--out", "-o", help="A .parquet file, or a .npy file (ids go into a .csv beside it).", show_default=False),
    ],
    json: JsonOption = False,
) -> None:
    """Write the song embeddings: track_id and a vector of float32 a song, 192 numbers if it is ours."""
    from recsys.steps import pictures

    answer = pictures.export_embeddings(context.obj, out)
    if json:
        print_json(answer)
    else:
        typer.echo(answer["summary"])
