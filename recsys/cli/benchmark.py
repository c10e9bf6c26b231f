"""The command that measures on public sets: benchmark."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from recsys.cli.app import JsonOption, SeedOption, WorkersOption, app
from recsys.cli.output import TerminalReport, echo, print_json, print_table


class PublicSet(StrEnum):
    """The sets that are read; `data.published.sets` knows them (a test holds the two together)."""

    lastfm2k = "lastfm2k"
    citeulike_t = "citeulike-t"
    citeulike_a = "citeulike-a"


@app.command()
def benchmark(
    context: typer.Context,
    name: Annotated[PublicSet, typer.Argument(help="The public set.", show_default=False)],
    data: Annotated[Path, typer.Option("--data", help="Folder of the set's original files.", show_default=False)],
    protocol: Annotated[
        list[str] | None,
        typer.Option("--protocol", help="P=1, P=10; warm, cold. May be repeated; all by default.", show_default=False),
    ] = None,
    engine: Annotated[
        list[str] | None,
        typer.Option(
            "--engine", help="Only this engine; may be repeated. Default: all but those that take minutes.", show_default=False
        ),
    ] = None,
    seeds: Annotated[
        int | None, typer.Option("--seeds", min=1, help="Repetitions; the set's own number.", show_default=False)
    ] = None,
    seed: SeedOption = 0,
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder for the report (JSON, Markdown, HTML).", show_default=False)
    ] = None,
    workers: WorkersOption = 0,
    json: JsonOption = False,
) -> None:
    """Compare all engines on a public set in its original files, beside published figures. Needs and makes no workspace."""
    from recsys.steps import benchmark as step

    result = step.benchmark(
        name.value,
        data,
        protocols=protocol or (),
        engines=engine or (),
        seeds=seeds,
        seed=seed,
        out=out or _reports(context),
        workers=workers,
        report=TerminalReport(),
    )
    if json:
        print_json(result)
        return
    print_benchmark(result)


def _reports(context: typer.Context) -> Path | None:
    """The reports of the workspace that -w names; None where it is only the default."""
    from recsys.workspace import open_workspace

    parent = context.parent
    source = None if parent is None else parent.get_parameter_source("workspace")
    return open_workspace(context.obj).reports if source is not None and source.name == "COMMANDLINE" else None


def print_benchmark(result: dict[str, Any]) -> None:
    """One table a split: our rows and the published ones, best first, the interval of the first figure beside it; the notes."""
    from evaluation.published_table import beside_published

    for split in dict.fromkeys(row["split"] for row in result["rows"]):
        table = beside_published(result, split)
        if table is None:
            raise AssertionError("a benchmark without the member 'published'")
        head = [*table.head[:2], "95 % interval", *table.head[2:]]
        rows = [[cells[0].text, cells[1].text, cells[1].small, *(cell.text for cell in cells[2:])] for cells in table.rows]
        print_table(head, rows, title=table.title, right=head[1:-1])
    for note in result["notes"]:
        echo(f"- {note}")
    echo(result["summary"])
