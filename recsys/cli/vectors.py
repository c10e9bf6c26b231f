"""Song vectors of another program: import-embeddings."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from recsys.cli.app import JsonOption, app
from recsys.cli.output import echo, print_json


@app.command("import-embeddings")
def import_embeddings(
    context: typer.Context,
    file: Annotated[
        Path | None,
        typer.Argument(
            help="A .parquet file (track_id or path, and a vector), or a .npy file with the ids in a .csv beside it.",
            show_default=False,
        ),
    ] = None,
    beside: Annotated[bool, typer.Option("--beside", help="Use them beside our own vectors, not in their place.")] = False,
    name: Annotated[
        str | None,
        typer.Option("--name", help="What to call their maker, e.g. clap; default: the file's name.", show_default=False),
    ] = None,
    remove: Annotated[bool, typer.Option("--remove", help="Forget the imported vectors and go back to ours.")] = False,
    json: JsonOption = False,
) -> None:
    """Use song vectors that another program made, in place of ours or beside them; an earlier import is replaced."""
    from recsys.steps import imported

    if remove == (file is not None):
        raise typer.BadParameter("give either a FILE or --remove")
    if remove and (beside or name is not None):
        raise typer.BadParameter("--remove goes with neither --beside nor --name")
    answer = (
        imported.remove_embeddings(context.obj)
        if file is None
        else imported.import_embeddings(context.obj, file, beside=beside, name=name)
    )
    if json:
        print_json(answer)
    else:
        echo(answer["summary"])
