"""Which encoder a workspace uses: the one trained in it, else the one that ships with the program."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from data.errors import InputError
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
    if not _was_trained(workspace) or workspace.encoder_set_aside.exists():
        return None
    try:
        return read_json(workspace.encoder / "model.json")
    except InputError as error:  # also where saving it was killed: then the shipped one must not take its place in silence
        raise InputError(
            f"the trained encoder: {error.message}",
            code="damaged",
            hint="Run `recsys train-content` again, or `recsys embed --pretrained` to do without it",
        ) from None


def _was_trained(workspace: Workspace) -> bool:
    return (workspace.encoder / "model.safetensors").exists()


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
    if not _was_trained(workspace) or workspace.encoder_set_aside.exists():
        return False
    workspace.encoder_set_aside.touch()
    return True


def take_up(workspace: Workspace) -> None:
    """Use the trained encoder from now on."""
    workspace.encoder_set_aside.unlink(missing_ok=True)
