"""The command that judges compositions."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from recsys.cli.app import JsonOption, SeedOption, WorkersOption, evaluate_app
from recsys.cli.compose import Way
from recsys.cli.output import TerminalReport, echo, print_json, print_table


@evaluate_app.command("compose")
def compose(
    context: typer.Context,
    label: Annotated[str, typer.Option("--label", help="genre, mood, any column.")] = "genre",
    values: Annotated[
        list[str] | None, typer.Option("--value", help="Only this value of the label; may be repeated.", show_default=False)
    ] = None,
    method: Annotated[
        Way,
        typer.Option("--method", help="image: back through the networks; score: a search among scores of the demo's composer."),
    ] = Way.score,
    seeds: Annotated[int, typer.Option("--seeds", min=1, help="Pieces of each value.")] = 10,
    seconds: Annotated[float, typer.Option("--seconds", help="Length of a piece.")] = 10.0,
    epochs: Annotated[int | None, typer.Option("--epochs", min=1, help="Of the networks.", show_default=False)] = None,
    seed: SeedOption = 0,
    workers: WorkersOption = 0,
    json: JsonOption = False,
) -> None:
    """Compose pieces for each value of a label and let an independent judge, of other artists' songs, name them."""
    from recsys.steps.evaluate_compose import evaluate_compose

    result = evaluate_compose(
        context.obj,
        label=label,
        values=values or (),
        method=method.value,
        seeds=seeds,
        seconds=seconds,
        epochs=epochs,
        seed=seed,
        workers=workers,
        report=TerminalReport(),
    )
    if json:
        print_json(result)
        return
    print_compositions(result)


def print_compositions(result: dict[str, Any]) -> None:
    """One line a value, then the whole in a sentence or two."""
    columns = (
        result["label"],
        "pieces",
        "judge right",
        "95 % interval",
        "networks",
        "mel",
        "chroma",
        "clipped",
        "centroid",
        "copied",
    )
    names = ("network_probability", "mel_correlation", "chroma_correlation", "clipped", "centroid_inside", "copied")
    rows = [
        (
            row["label"],
            row["pieces"],
            row["judge_accuracy"],
            f"{row['low']:.2f} to {row['high']:.2f}",
            *(row[name] for name in names),
        )
        for row in result["labels"]
    ]
    print_table(columns, rows, title=f"Compositions, method {result['method']}", right=columns[1:])
    for note in result["notes"]:
        echo(note)
    echo(result["summary"])
