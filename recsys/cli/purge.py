"""The command that forgets songs."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from recsys.cli.app import JsonOption, app
from recsys.cli.output import TerminalReport, echo, print_json


@app.command()
def purge(
    context: typer.Context,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Tell what would be forgotten; change nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Also where suspiciously many songs are gone.")] = False,
    json: JsonOption = False,
) -> None:
    """Forget songs whose files are gone or ignored, and what was computed of them; your music is not touched.

    Where more than 10 songs and a fifth of a folder are gone, or all of it, it asks first, or, where nobody can answer, refuses:
    a disk may not be mounted.
    """
    from recsys.steps.purge import purge as forget

    asks = sys.stdin.isatty() and sys.stderr.isatty() and not json
    result = forget(context.obj, dry_run=dry_run, yes=yes, ask=_ask if asks else None, report=TerminalReport())
    if json:
        print_json(result)
    else:
        for doubt in result["doubts"] if dry_run else ():
            echo(f"to be looked at: {doubt}")
        echo(result["summary"])


def _ask(doubt: str) -> bool:
    return typer.confirm(f"{doubt}. Forget these songs?", err=True)
