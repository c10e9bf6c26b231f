"""Commands about listening histories: import-listens, unmatched."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from recsys.cli.app import PARTIAL, JsonOption, app
from recsys.cli.output import TerminalReport, echo, print_json, print_table


@app.command("import-listens")
def import_listens(
    context: typer.Context,
    files: Annotated[
        list[Path],
        typer.Argument(help="Listening histories: files, folders or zip archives; the format is recognised.", show_default=False),
    ],
    user: Annotated[
        str | None,
        typer.Option("--user", help="Who listened, for exports that do not say; 'me' if not given.", show_default=False),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Read who played what; the same file twice changes nothing."""
    from recsys.steps import listens

    if user is not None and not user.strip():
        raise typer.BadParameter("must not be empty", param_hint="--user")
    results = listens.import_listens(context.obj, files, user=user, report=TerminalReport())
    if json:
        print_json(results)
    else:
        for result in results["files"]:
            echo(result["summary"])
        echo(results["summary"])
    if any(result["bad_rows"] for result in results["files"]):
        raise typer.Exit(PARTIAL)


@app.command()
def unmatched(
    context: typer.Context,
    k: Annotated[int, typer.Option("-k", min=1, help="How many of each to list.")] = 20,
    json: JsonOption = False,
) -> None:
    """List what was listened to and is not in the catalogue, most listens first, and what was matched by similar names."""
    from recsys.steps import listens

    answer = listens.unmatched(context.obj, k=k)
    if json:
        print_json(answer)
        return
    echo(answer["summary"])
    if answer["unmatched"]:
        rows = [(item["listens"], item["artist"], item["title"], item["album"], item["id"]) for item in answer["unmatched"]]
        print_table(("listens", "artist", "title", "album", "id"), rows, title="Not in the catalogue", right=("listens",))
    if answer["similar"]:
        taken = [(item["listens"], item["name"], item["matched_name"], item["track_id"]) for item in answer["similar"]]
        print_table(("listens", "heard", "taken for", "song"), taken, title="Matched by similar names", right=("listens",))
