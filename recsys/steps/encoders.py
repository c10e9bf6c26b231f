"""Which encoder a workspace uses: the one trained in it, else the shipped one that it keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from data.errors import InputError
from data.files import read_json
from recsys.steps.shipped import check_not_gone, keep_shipped, shipped_encoder
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
    InputError : its files are damaged; it reads hyper-images that this version of the program does not compute (code "spec"); the
        vectors are by an encoder that is not here (code "encoder-gone").
    """
    from content.encoder import Encoder

    if trained_encoder(workspace) is None:
        check_not_gone(workspace)
        return shipped_encoder(workspace)
    try:
        return Encoder.load(workspace.encoder)
    except InputError as error:
        if error.code != "spec":
            raise
        hint = "Run `recsys train-content` again, or `recsys embed --pretrained` to do without it"
        raise InputError(f"the encoder trained here: {error.message}", code="spec", hint=hint) from None


def set_aside(workspace: Workspace) -> bool:
    """Use the shipped encoder from now on, and keep the trained one for later; whether there was one in use.

    Raises
    ------
    InputError : the shipped encoder cannot be read.
    """
    shipped_encoder(workspace)  # first: one that cannot be read must not take a good one's place
    keep_shipped(workspace)
    if not _was_trained(workspace) or workspace.encoder_set_aside.exists():
        return False
    workspace.encoder_set_aside.touch()
    return True


def take_up(workspace: Workspace) -> None:
    """Use the trained encoder from now on."""
    workspace.encoder_set_aside.unlink(missing_ok=True)
