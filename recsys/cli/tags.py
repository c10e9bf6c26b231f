"""Commands on predicted tags: tags, export tags."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from recsys.cli.app import JsonOption, app, export_app
from recsys.cli.output import echo, print_json, print_table


@app.command()
def tags(
    context: typer.Context,
    song: Annotated[
        str | None,
        typer.Argument(help="Id of a song, or any audio file; without it the whole library.", show_default=False),
    ] = None,
    k: Annotated[
        int | None,
        typer.Option(
            "-k", min=1, max=10_000, help="How many tags; default: 10 of a song, all of the library.", show_default=False
        ),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Predicted tags (rock, jazz, Mellow, ...): of a song, how likely each is and how unusual here; or of the library."""
    from recsys.steps import tags as step

    if song is None:
        library = step.library_tags(context.obj)
        shown = library | {"tags": library["tags"][:k]}
        print_json(shown) if json else _print_library(shown)
        return
    answer = step.song_tags(context.obj, song, k=k or 10)
    print_json(answer) if json else _print_song(answer)


def _print_song(answer: dict[str, Any]) -> None:
    echo(f"Predicted tags of {answer['name']}")  # (a title of the table would be folded to its width)
    if not answer["songs"]:
        print_table(("tag", "probability"), [(row["tag"], row["probability"]) for row in answer["tags"]], right=("probability",))
        return
    rows = []
    for row in answer["tags"]:
        lift, share = f"{row['lift']:.2f} x", f"{100 * row['higher_than']:.0f} %"
        rows.append((row["tag"], row["probability"], lift, share, "stands out" if row["stands_out"] else ""))
    columns = ("tag", "probability", "lift", "higher than", f"among {answer['songs']} songs")
    print_table(columns, rows, right=("probability", "lift", "higher than"))


def _print_library(answer: dict[str, Any]) -> None:
    if answer["without"]:
        echo(f"{answer['songs']} songs, and {answer['without']} without predicted tags: run `recsys embed`", err=True)
    rows = []
    for row in answer["tags"]:
        example = row["example"]
        name = f"{example['name']} ({example['probability']:.2f})" if example else ""
        rows.append((row["tag"], row["songs"], row["strongest"], row["mean"], name))
    title = f"Predicted tags of {answer['songs']} songs: in how many each stands out"
    print_table(
        ("tag", "stands out in", "strongest in", "mean", "most in"),
        rows,
        title=title,
        right=("stands out in", "strongest in", "mean"),
    )


@export_app.command("tags")
def export_tags(
    context: typer.Context,
    out: Annotated[Path, typer.Option("--out", "-o", help="A .parquet file.", show_default=False)],
    json: JsonOption = False,
) -> None:
    """Write the predicted tags: track_id and one probability a tag (50 float32 columns)."""
    from recsys.steps import tags as step

    answer = step.export_tags(context.obj, out)
    if json:
        print_json(answer)
    else:
        echo(answer["summary"])
