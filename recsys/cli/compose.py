"""The command compose."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from recsys.cli.app import JsonOption, SeedOption, WorkersOption, app
from recsys.cli.output import TerminalReport, echo, print_json


class Way(StrEnum):
    """How a piece is composed."""

    image = "image"
    score = "score"


@app.command()
def compose(
    context: typer.Context,
    out: Annotated[
        Path,
        typer.Option("--out", "-o", help="A .wav, .flac or .mp3 file; picture and description go beside it.", show_default=False),
    ],
    labels: Annotated[
        list[str] | None,
        typer.Option("--label", help="jazz, calm, or genre=jazz; may be repeated.", show_default=False),
    ] = None,
    blend: Annotated[str | None, typer.Option("--blend", help="Between labels: jazz:0.5,blues:0.5.", show_default=False)] = None,
    seconds: Annotated[float, typer.Option("--seconds", help="Length of the piece.")] = 20.0,
    start: Annotated[
        str | None, typer.Option("--from", help="Start from a song, by id or path; else from noise.", show_default=False)
    ] = None,
    style: Annotated[
        float | None,
        typer.Option("--style", help="How much of that song stays, 0 to 1; default 0.5.", show_default=False),
    ] = None,
    method: Annotated[
        Way, typer.Option("--method", help="image: back through the networks, as in the paper; score: a search among scores.")
    ] = Way.image,
    epochs: Annotated[
        int | None, typer.Option("--epochs", min=1, help="Of the networks that are trained on first use.", show_default=False)
    ] = None,
    seed: SeedOption = 0,
    workers: WorkersOption = 0,
    json: JsonOption = False,
) -> None:
    """From a label back to sound: compose a piece that the networks here take for jazz, calm, or what lies between."""
    from recsys.steps.compose import compose as step

    answer = step(
        context.obj,
        labels or (),
        out=out,
        blend=blend,
        seconds=seconds,
        seed=seed,
        start=start,
        style=style,
        method=method.value,
        epochs=epochs,
        workers=workers,
        report=TerminalReport(),
    )
    if json:
        print_json(answer)
    else:
        echo(answer["summary"])
