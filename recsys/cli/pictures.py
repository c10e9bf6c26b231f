"""Commands that draw songs or hand out their vectors: map, show, export embeddings."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from recsys.cli.app import JsonOption, app, export_app
from recsys.cli.output import echo, print_json


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
        echo(answer["summary"])


@app.command()
def show(
    context: typer.Context,
    song: Annotated[str, typer.Argument(help="A song: id, path or name.", show_default=False)],
    png: Annotated[Path, typer.Option("--png", help="Where the picture goes.", show_default=False)],
    json: JsonOption = False,
) -> None:
    """Draw one song: wave, STFT, CQT, chroma, tempogram, mel, MFCC, contrast, tonnetz and the whole hyper-image."""
    from recsys.steps import pictures

    answer = pictures.show(context.obj, song, png)
    if json:
        print_json(answer)
    else:
        echo(answer["summary"])


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
        echo(answer["summary"])
