"""The demo: the whole chain on a composed world."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from recsys.cli.app import SeedOption, WorkersOption, app
from recsys.cli.output import TerminalReport, echo, print_table


@app.command()
def demo(
    folder: Annotated[Path, typer.Option("--folder", help="Where the composed songs and the workspace go.")] = Path(
        "recsys-demo"
    ),
    songs: Annotated[int, typer.Option("--songs", min=27, help="Songs composed, spread over nine genres.")] = 540,
    listeners: Annotated[int, typer.Option("--listeners", min=20, help="Listeners made up.")] = 600,
    seed: SeedOption = 0,
    workers: WorkersOption = 0,
) -> None:
    """Compose a catalogue of nine genres with listeners, then run the whole chain on it and write the report."""
    from recsys.cli.evaluate import print_labels, print_recommenders
    from recsys.steps.demo import run_demo

    result = run_demo(folder, songs=songs, listeners=listeners, seed=seed, workers=workers, report=TerminalReport())
    print_labels(result["labels"])
    print_recommenders(result["recommenders"], 10)
    answer = result["recommend"]
    rows = [(i["rank"], i["artist"], i["title"], i["source"], i["reason"]) for i in answer["items"]]
    print_table(("#", "artist", "title", "source", "why"), rows, title=f"Recommended for listener {answer['user']}", right=("#",))
    for line in result["closing"]:
        echo(line)
