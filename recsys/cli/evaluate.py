"""Commands that measure: evaluate labels, evaluate recommenders."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import typer

from recsys.cli.app import Device, DeviceOption, JsonOption, SeedOption, WorkersOption, evaluate_app
from recsys.cli.output import TerminalReport, print_json, print_table
from recsys.cli.training_options import AlsoOption, SettingsOption


class Split(StrEnum):
    """What never stands on both sides of a fold."""

    snippet = "snippet"
    song = "song"
    artist = "artist"


@evaluate_app.command("labels")
def labels(
    context: typer.Context,
    label: Annotated[str, typer.Option("--label", help="genre, mood, any column.")] = "genre",
    also: AlsoOption = None,
    split: Annotated[
        Split, typer.Option("--split", help="What never stands on both sides: artist is the honest one, snippet flatters most.")
    ] = Split.artist,
    folds: Annotated[int, typer.Option("--folds", min=2, help="Networks trained, each without one part of the songs.")] = 10,
    architecture: Annotated[
        str, typer.Option("--architecture", help="A preset (paper) or a network in the paper's notation.")
    ] = "paper",
    epochs: Annotated[int | None, typer.Option("--epochs", min=1, help="Passes over the songs.", show_default=False)] = None,
    snippets: Annotated[
        int | None, typer.Option("--snippets", min=1, help="Random snippets a song and epoch.", show_default=False)
    ] = None,
    settings: SettingsOption = None,
    device: DeviceOption = Device.auto,
    seed: SeedOption = 0,
    workers: WorkersOption = 0,
    json: JsonOption = False,
) -> None:
    """Cross-validate a label: loss, precision at 1 and at 3 on songs the network has not seen."""
    from content.training_config import parse_settings
    from recsys.steps import evaluate_labels as step

    result = step.evaluate_labels(
        context.obj,
        label=label,
        also=also or (),
        split=split.value,
        folds=folds,
        architecture=architecture,
        epochs=epochs,
        snippets_per_song=snippets,
        settings=parse_settings(settings or ()),
        device=device.value,
        seed=seed,
        workers=workers,
        report=TerminalReport(),
    )
    if json:
        print_json(result)
        return
    print_labels(result)


def print_labels(result: dict[str, Any]) -> None:
    """The paper's table 1, with the controls below it."""
    columns = ("fold", "loss", "precision@1", "precision@3", "macro F1")
    keys = ("loss", "precision_at_1", "precision_at_3", "macro_f1")
    rows: list[tuple[object, ...]] = [(fold["fold"], *(fold[key] for key in keys)) for fold in result["folds"]]
    rows.append(("mean", *(result["mean"][key] for key in keys)))
    rows += [(name, *(control.get(key) for key in keys)) for name, control in result["controls"].items()]
    title = f"{result['label']}, split by {result['split']}, {result['architecture']}"
    print_table(columns, rows, title=title, right=columns[1:])
    typer.echo(result["summary"])


@evaluate_app.command("recommenders")
def recommenders(
    context: typer.Context,
    k: Annotated[int, typer.Option("-k", min=1, help="Length of the lists.")] = 10,
    folds: Annotated[int, typer.Option("--folds", min=2, help="Parts of the artists; each is cold once.")] = 5,
    seeds: Annotated[
        int, typer.Option("--seeds", min=1, help="Repetitions of the warm split, each with models of its own seed.")
    ] = 3,
    device: DeviceOption = Device.auto,
    seed: SeedOption = 0,
    workers: WorkersOption = 0,
    json: JsonOption = False,
) -> None:
    """Compare listens only, sound only and the hybrid, with controls, on warm and on cold-start splits."""
    from recsys.steps import evaluate_recommenders as step

    result = step.evaluate_recommenders(
        context.obj, k=k, folds=folds, seeds=seeds, device=device.value, seed=seed, workers=workers, report=TerminalReport()
    )
    if json:
        print_json(result)
        return
    print_recommenders(result, k)


def print_recommenders(result: dict[str, Any], k: int) -> None:
    """One table a split: nDCG with its interval, recall and AUC, best first."""
    cells = {(r["split"], r["model"], r["metric"]): r for r in result["rows"] if r["slice"] == "all"}
    for split in dict.fromkeys(key[0] for key in cells):
        rows = []
        for model in dict.fromkeys(key[1] for key in cells if key[0] == split):
            row = cells[split, model, "ndcg"]
            others = [cells[split, model, metric]["value"] for metric in ("recall", "auc")]
            rows.append((model, row["value"], f"{row['low']:.3f} to {row['high']:.3f}", *others))
        rows.sort(key=lambda row: -row[1])
        any_row = next(row for key, row in cells.items() if key[0] == split)
        title = f"{split}: {any_row['n_users']} users, {any_row['n_candidates']} candidates"
        columns = ("model", f"nDCG@{k}", "95 % interval", f"recall@{k}", "AUC")
        print_table(columns, rows, title=title, right=columns[1:])
    typer.echo(result["summary"])
