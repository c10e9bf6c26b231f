"""Commands that measure: evaluate labels, evaluate recommenders."""

from __future__ import annotations

import dataclasses
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from recsys.cli.app import Device, DeviceOption, JsonOption, SeedOption, WorkersOption, evaluate_app
from recsys.cli.completion import labels as label_kinds
from recsys.cli.output import TerminalReport, echo, print_json, print_table
from recsys.cli.training_options import AlsoOption, SettingsOption, Start

if TYPE_CHECKING:
    from evaluation.report_tables import Table


class Split(StrEnum):
    """What never stands on both sides of a fold; or all splits one after the other."""

    snippet = "snippet"
    song = "song"
    artist = "artist"
    all = "all"


class LabelStart(StrEnum):
    """Where the folds' networks start."""

    pretrained = "pretrained"
    scratch = "scratch"


@evaluate_app.command("labels")
def labels(
    context: typer.Context,
    label: Annotated[str, typer.Option("--label", help="genre, mood, any column.", autocompletion=label_kinds)] = "genre",
    also: AlsoOption = None,
    split: Annotated[
        Split | None,
        typer.Option(
            "--split",
            help="What never stands on both sides: artist (default) is the honest one, snippet flatters most; all: each of them.",
            show_default=False,
        ),
    ] = None,
    folds: Annotated[
        int | None,
        typer.Option("--folds", min=2, help="Networks trained, each without one part of the songs; 10.", show_default=False),
    ] = None,
    fold_file: Annotated[
        list[Path] | None, typer.Option("--fold-file", help="Published folds instead of --split and --folds; may be repeated.")
    ] = None,
    start: Annotated[
        LabelStart, typer.Option("--from", help="Networks start from nothing, as in the paper, or from the shipped encoder.")
    ] = LabelStart.scratch,
    architecture: Annotated[
        str | None,
        typer.Option(
            "--architecture", help="A preset (paper, best) or a network in the paper's notation; paper.", show_default=False
        ),
    ] = None,
    against: Annotated[
        str | None, typer.Option("--against", help="Another architecture, compared song by song on the same folds.")
    ] = None,
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
    """Cross-validate a label: loss, precision at 1 and at 3 on songs the network has not seen, with controls."""
    from content.training_config import parse_settings
    from recsys.steps import evaluate_labels as step

    result = step.evaluate_labels(
        context.obj,
        label=label,
        also=also or (),
        split=None if split is None else split.value,
        folds=folds,
        fold_files=fold_file or (),
        start=start.value,
        architecture=architecture,
        against=against,
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
    for name, table in result.get("splits", {"": result}).items():
        print_labels(table if name in ("", "artist") else table | {"flatters": {}})  # once, beside the honest split
    echo(result["summary"])


def print_labels(result: dict[str, Any]) -> None:
    """The tables of one split: folds, mean, interval and controls; the rival; what other splits flatter."""
    from evaluation import report_labels as tables

    for unit in ("snippet", "song"):
        table = tables.fold_table(result, per=(unit,))
        _print(dataclasses.replace(table, title=f"{table.title}, per {unit}"))
    for other in (tables.against_table(result), tables.flattery_table(result)):
        if other is not None:
            _print(other)
    if "flatters_note" in result:
        echo(result["flatters_note"])


def _print(table: Table) -> None:
    """A table of the report on the terminal: small print stands in a line of its own below the figures."""
    rows: list[list[object]] = []
    for cells in table.rows:
        rows.append([cell.text for cell in cells])
        if any(cell.small for cell in cells):
            rows.append(["95 % interval", *(cell.small for cell in cells[1:])])
    print_table(table.head, rows, title=table.title, right=table.head[1:])


@evaluate_app.command("recommenders")
def recommenders(
    context: typer.Context,
    k: Annotated[int, typer.Option("-k", min=1, help="Length of the lists.")] = 10,
    splits: Annotated[
        list[str] | None,
        typer.Option(
            "--splits",
            help="Of warm (songs hidden), temporal (later plays hidden), cold (artists hidden), cold-user (listeners hidden); "
            "commas, or repeat it. Default: all that the data allow.",
            show_default=False,
        ),
    ] = None,
    folds: Annotated[int, typer.Option("--folds", min=2, help="Parts of the artists; each is cold once.")] = 5,
    seeds: Annotated[
        int, typer.Option("--seeds", min=1, help="Repetitions of the splits at random, each with models of its own seed.")
    ] = 3,
    start: Annotated[
        Start,
        typer.Option(
            "--from",
            help="Embeddings of the shipped encoder (pretrained), or of networks trained like the workspace's encoder, from "
            "scratch without each fold's labels (scratch). auto: of the encoder in use, or of networks trained like it.",
        ),
    ] = Start.auto,
    metadata: Annotated[
        list[str] | None,
        typer.Option(
            "--metadata", help="artist, or a label: songs are described by it, too; may be repeated.", show_default=False
        ),
    ] = None,
    device: DeviceOption = Device.auto,
    seed: SeedOption = 0,
    workers: WorkersOption = 0,
    json: JsonOption = False,
) -> None:
    """Compare listens only, sound only and the hybrid, with controls: songs, later plays, artists or listeners hidden."""
    from recsys.steps import evaluate_recommenders as step

    result = step.evaluate_recommenders(
        context.obj,
        k=k,
        splits=[name.strip() for given in splits or () for name in given.split(",")],
        folds=folds,
        seeds=seeds,
        start=start.value,
        metadata=metadata or (),
        device=device.value,
        seed=seed,
        workers=workers,
        report=TerminalReport(),
    )
    if json:
        print_json(result)
        return
    print_recommenders(result, k)


def print_recommenders(result: dict[str, Any], k: int) -> None:
    """One table a split: nDCG with its interval, recall and AUC, best first."""
    from evaluation.comparison import NOTES

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
    for note in result["notes"]:
        if note not in NOTES:  # the rules of every comparison stand in the report
            echo(note)
    echo(result["summary"])
