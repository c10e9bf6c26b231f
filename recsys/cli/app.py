"""The application object, the options that all commands share, and how a command ends."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from recsys.workspace import DEFAULT

PARTIAL = 3  # exit code: done, but some songs or rows failed and are listed

app = typer.Typer(
    help="Music recommendation that listens to the songs and to the listeners.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
evaluate_app = typer.Typer(help="Measure on honest splits what each part is worth.", no_args_is_help=True, rich_markup_mode=None)
export_app = typer.Typer(help="Write results in formats that other programs read.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(evaluate_app, name="evaluate")
app.add_typer(export_app, name="export")


class Device(StrEnum):
    """Where the network computes."""

    auto = "auto"
    cpu = "cpu"
    cuda = "cuda"


JsonOption = Annotated[bool, typer.Option("--json", help="Print the answer as JSON on stdout.")]
# LightFM takes seeds below 2 ** 32, and the repetitions of an evaluation count upwards from the one that is given.
MOST_SEED = 2**31 - 1
SeedOption = Annotated[int, typer.Option("--seed", min=0, max=MOST_SEED, help="The same seed gives the same result.")]
WorkersOption = Annotated[
    int,
    typer.Option("--workers", min=0, max=1024, help="Processes, one thread each; 0 takes one for each core.", show_default=False),
]
TimeLimitOption = Annotated[
    float,
    typer.Option("--time-limit", metavar="SECONDS", help="Give a file up that takes longer to read; the others go on."),
]
DeviceOption = Annotated[Device, typer.Option("--device", help="Where the network computes; auto takes CUDA when it is there.")]


def _version(asked: bool) -> None:
    if asked:
        from recsys import __version__

        typer.echo(f"recsys {__version__}")
        raise typer.Exit


@app.callback()
def options(
    context: typer.Context,
    workspace: Annotated[
        Path,
        typer.Option("--workspace", "-w", envvar="RECSYS_WORKSPACE", help="Folder that holds everything analysed and learned."),
    ] = DEFAULT,
    _version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and end.")
    ] = False,
) -> None:
    """Options that stand before the command."""
    context.obj = workspace
