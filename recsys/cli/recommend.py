"""Commands about a listener: recommend, and explain why a song has its place."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from recsys.cli.app import JsonOption, app
from recsys.cli.list_output import (
    AlbumCap,
    ArtistCap,
    Count,
    Force,
    Jspf,
    KeepDuplicates,
    M3u8,
    Relative,
    Targets,
    deliver,
)
from recsys.cli.output import TerminalReport, echo, print_json, print_table


@app.command()
def recommend(
    context: typer.Context,
    user: Annotated[
        str | None, typer.Option("--user", "-u", help="Whose taste; an unknown one gets the fallback.", show_default=False)
    ] = None,
    like: Annotated[
        list[str] | None,
        typer.Option("--like", help="A song this person likes (id, path or name); may be given many times.", show_default=False),
    ] = None,
    k: Count = 10,
    artist_cap: ArtistCap = None,
    album_cap: AlbumCap = None,
    keep_duplicates: KeepDuplicates = False,
    explore: Annotated[
        float,
        typer.Option("--explore", help="From accurate (0) to exploratory (1): how much popularity counts against a song."),
    ] = 0.0,
    users_file: Annotated[
        Path | None, typer.Option("--users-file", help="A text file with a user a line; needs --out.", show_default=False)
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Parquet file for --users-file.", show_default=False)] = None,
    m3u8: M3u8 = None,
    jspf: Jspf = None,
    relative: Relative = False,
    force: Force = False,
    json: JsonOption = False,
) -> None:
    """Recommend songs that this person has not heard, each with its source and a reason."""
    from recsys.steps import recommend as step

    if user == "":
        raise typer.BadParameter("--user must not be empty")
    targets = Targets(m3u8, jspf, relative, force)
    targets.check(json)
    if (users_file is None) != (out is None):
        raise typer.BadParameter("--users-file and --out go together")
    if users_file is not None and out is not None:
        if user is not None or like:
            raise typer.BadParameter("--users-file does not go with --user or --like")
        if m3u8 is not None or jspf is not None:
            raise typer.BadParameter("--users-file writes Parquet (--out) and goes with neither --m3u8 nor --jspf")
        from recsys.steps.recommend_many import recommend_many

        many = recommend_many(
            context.obj,
            users_file,
            out,
            k=k,
            artist_cap=artist_cap,
            album_cap=album_cap,
            keep_duplicates=keep_duplicates,
            explore=explore,
            report=TerminalReport(),
        )
        for note in many["notes"]:
            echo(note, err=True)
        if json:
            print_json(many)
        else:
            echo(many["summary"])
        return
    answer = step.recommend(
        context.obj,
        user=user,
        likes=like or [],
        k=k,
        artist_cap=artist_cap,
        album_cap=album_cap,
        keep_duplicates=keep_duplicates,
        explore=explore,
    )
    who = f"Recommended for {user}" if user is not None else "Recommended"
    rows = [(i["rank"], i["artist"], i["title"], i["track_id"], i["score"], i["source"], i["reason"]) for i in answer["items"]]
    columns = ("#", "artist", "title", "id", "score", "source", "why")
    deliver(context.obj, answer, who, targets, json, lambda: print_table(columns, rows, title=who, right=("#", "score")))


@app.command()
def explain(
    context: typer.Context,
    song: Annotated[
        str,
        typer.Argument(help='A song: its id, the path of its file, "Artist - Title" or a title.', show_default=False),
    ],
    user: Annotated[str | None, typer.Option("--user", "-u", help="For whom.", show_default=False)] = None,
    like: Annotated[
        list[str] | None,
        typer.Option("--like", help="A song this person likes (id, path or name); may be repeated.", show_default=False),
    ] = None,
    explore: Annotated[float, typer.Option("--explore", help="As given to `recommend`.")] = 0.0,
    json: JsonOption = False,
) -> None:
    """Why a song has its place for a listener: rank, the songs that carry it, what it shares with them, and popularity."""
    from recsys.steps.explain import explain as step

    if user == "":
        raise typer.BadParameter("--user must not be empty")
    answer = step(context.obj, song, user=user, likes=like or [], explore=explore)
    for note in answer["notes"]:
        echo(note, err=True)
    if json:
        print_json(answer)
        return
    told = answer["song"]
    place = "no rank: nothing is known to rank it by" if told["rank"] is None else f"rank {told['rank']} of {told['of']}"
    echo(f"{told['name']} ({told['track_id']}): {place}, score {told['score']:.3f}, {told['source']}")
    echo(told["reason"])
    popularity = told["popularity"]
    effect = f", which changes the score by {popularity['effect']:.3f}" if popularity["effect"] else ""
    echo(f"listeners: {popularity['listeners']} ({100 * popularity['share']:.1f} %){effect}")
    if told["because"]:
        title = "The songs that carry it" + ("" if answer["exact"] else " (approximately)")
        rows = [(f"{100 * one['share']:.1f} %", one["name"], one["track_id"]) for one in told["because"]]
        print_table(("share", "song", "id"), rows, title=title, right=("share",))
    if told["labels"]:
        rows = [(one["kind"], one["value"], len(one["songs"])) for one in told["labels"]]
        print_table(("kind", "in common", "songs"), rows, title="What it shares with them", right=("songs",))
