"""Which encoder a workspace uses: the one trained in it, else the one that ships with the program."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from data.files import read_json
from recsys.workspace import Workspace

if TYPE_CHECKING:
    from content.encoder import Encoder


def trained_encoder(workspace: Workspace) -> dict[str, Any] | None:
    """What is written of the encoder trained here ("label", "config", ...), or None if there is none in use. No torch.

    Raises
    ------
    InputError : its description is damaged.
    """
    about = workspace.encoder / "model.json"
    if not about.exists() or workspace.encoder_set_aside.exists():
        return None
    return read_json(about)


def encoder_in_use(workspace: Workspace) -> Encoder:
    """The encoder that embeds this workspace's songs.

    Raises
    ------
    InputError : its files are damaged.
    """
    from content.encoder import Encoder
    from content.pretrained import pretrained_encoder

    return pretrained_encoder() if trained_encoder(workspace) is None else Encoder.load(workspace.encoder)


def set_aside(workspace: Workspace) -> bool:
    """Use the shipped encoder from now on, and keep the trained one for later; whether there was one in use.

    Raises
    ------
    InputError : the shipped encoder cannot be read.
    """
    from content.pretrained import pretrained_encoder

    pretrained_encoder()  # first: one that cannot be read must not take a good one's place
    if not (workspace.encoder / "model.json").exists() or workspace.encoder_set_aside.exists():
        return False
    workspace.encoder_set_aside.touch()
    return True


def take_up(workspace: Workspace) -> None:
    """Use the trained encoder from now on."""
    workspace.encoder_set_aside.unlink(missing_ok=True)
