"""Options of every command that trains the network."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer


class Start(StrEnum):
    """Where a training starts."""

    auto = "auto"
    pretrained = "pretrained"
    scratch = "scratch"


AlsoOption = Annotated[
    list[str] | None,
    typer.Option(
        "--also", metavar="LABEL", help="A further label to learn at the same time; may be repeated.", show_default=False
    ),
]
SettingsOption = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="Any training setting, e.g. optimizer=adamw; may be repeated. A wrong KEY lists all there are.",
        show_default=False,
    ),
]
