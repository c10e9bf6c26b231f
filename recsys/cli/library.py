"""Commands about songs: scan, failed, doctor."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from data.guarded import TIME_LIMIT_S
from recsys.cli.app import PARTIAL, JsonOption, TimeLimitOption, WorkersOption, app
from recsys.cli.output import TerminalReport, echo, print_json, print_table


@app.command()
def scan(
    context: typer.Context,
    folders: Annotated[
        list[Path],
        typer.Argument(
            help="Folders with music, with a tracks.csv that lists it, or with GTZAN, Homburg, Emotify, FMA or MTG-Jamendo.",
            show_default=False,
        ),
    ],
    folder_label: Annotated[
        str,
        typer.Option(
            "--folder-label",
            help="Take folder names as a label of this name. auto: as 'genre' if all files lie in folders side by side that "
            "look like genres. none: never.",
        ),
    ] = "auto",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Tell what would be done; write nothing.")] = False,
    workers: WorkersOption = 0,
    time_limit: TimeLimitOption = TIME_LIMIT_S,
    json: JsonOption = False,
) -> None:
    """Catalogue a music library; only new or changed files are read."""
    from recsys.steps import library

    result = library.scan(
        context.obj,
        folders,
        folder_label=folder_label,
        dry_run=dry_run,
        workers=workers,
        time_limit=time_limit,
        report=TerminalReport(),
    )
    if json:
        print_json(result)
    else:
        for line in result["summary"]:
            echo(line)
    if result["failed"]:
        raise typer.Exit(PARTIAL)


@app.command()
def failed(
    context: typer.Context,
    retry: Annotated[
        bool, typer.Option("--retry", help="Try these files again although they have not changed, and tell what came of it.")
    ] = False,
    workers: WorkersOption = 0,
    time_limit: TimeLimitOption = TIME_LIMIT_S,
    json: JsonOption = False,
) -> None:
    """List the files that were refused or are damaged: why, since when, and how to mend it."""
    from recsys.steps import failures

    if retry:
        result = failures.retry(context.obj, workers=workers, time_limit=time_limit, report=TerminalReport())
        if json:
            print_json(result)
        else:
            echo(result["summary"])
        if result["failed"]:
            raise typer.Exit(PARTIAL)
        return
    rows = failures.failed(context.obj)
    if json:
        print_json(rows)
    elif not rows:
        echo("No file has failed.")
    else:
        columns = ("file", "code", "reason", "what to do", "since")
        print_table(columns, [(f["path"], f["code"], f["reason"], f["hint"], f["time"][:10]) for f in rows])


@app.command()
def doctor(context: typer.Context, json: JsonOption = False) -> None:
    """Check Python, packages, compiler, decoders, devices, disk and workspace, and say what to do."""
    from recsys.steps.doctor import doctor as examine

    checks = examine(context.obj)
    if json:
        print_json([check._asdict() for check in checks])
    else:
        print_table(("", "what", "found", "what to do"), [(c.state, c.what, c.found, c.advice) for c in checks])
    if any(check.state == "FAIL" for check in checks):
        raise typer.Exit(1)
