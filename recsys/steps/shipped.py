"""The shipped encoder as a workspace keeps it: an update of the program brings a newer one, and vectors of two never mix.

So the encoder by which a workspace's songs are embedded and tagged is copied into it, and embeds later songs as well.
The program's present one takes its place when the user asks (`recsys embed --update`); then all songs are embedded anew.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from data.embeddings import read_fingerprint
from data.errors import InputError
from data.files import read_json, write_json
from recsys.steps.in_use import ours_folder
from recsys.workspace import Workspace

if TYPE_CHECKING:
    from content.encoder import Encoder

SCHEMA = 1
_UPDATE = "Run `recsys embed --update`: it embeds all songs anew, by the encoder of this version"


def kept_fingerprint(workspace: Workspace) -> str:
    """Which shipped encoder this workspace keeps; "" where it keeps none yet. No torch.

    Raises
    ------
    InputError : what is written of it is damaged.
    """
    if not workspace.shipped_pointer.exists():
        return ""
    return str(read_json(workspace.shipped_pointer, schema=SCHEMA).get("fingerprint", ""))


def shipped_encoder(workspace: Workspace) -> Encoder:
    """The shipped encoder that this workspace keeps, or the program's where it keeps none.

    Raises
    ------
    InputError : the kept one is damaged, or reads hyper-images that this version of the program does not compute (code "spec").
    """
    from content.encoder import Encoder
    from content.pretrained import pretrained_encoder

    kept, present = kept_fingerprint(workspace), pretrained_encoder()
    if kept in ("", present.fingerprint):
        return present
    try:
        return Encoder.load(workspace.shipped / kept)
    except InputError as error:
        raise InputError(f"the encoder that this workspace keeps: {error.message}", code=error.code, hint=_UPDATE) from None


def newer_shipped(workspace: Workspace) -> str:
    """The fingerprint of the program's encoder where the workspace keeps another one; else ""."""
    from content.pretrained import pretrained_encoder

    kept, present = kept_fingerprint(workspace), pretrained_encoder().fingerprint
    return present if kept not in ("", present) else ""


def keep_shipped(workspace: Workspace) -> None:
    """Keep the program's encoder if the workspace keeps none. Killed at any moment, it keeps the whole encoder or none."""
    if not kept_fingerprint(workspace):
        _keep_present(workspace)


def update_shipped(workspace: Workspace) -> bool:
    """Keep the program's present encoder from now on, in place of another; whether that is a change."""
    from content.pretrained import pretrained_encoder

    try:
        kept = kept_fingerprint(workspace)
    except InputError:
        kept = ""
    if kept == pretrained_encoder().fingerprint:
        return False
    _keep_present(workspace)
    for folder in workspace.shipped.iterdir():
        if folder.is_dir() and folder.name != pretrained_encoder().fingerprint:
            shutil.rmtree(folder)
    return True


def check_not_gone(workspace: Workspace) -> None:
    """Raise InputError (code "encoder-gone") if the vectors are by an encoder that is neither kept here nor the program's.

    So it is in a workspace from before encoders were kept, and where a trained one was deleted by hand.
    """
    from content.pretrained import pretrained_encoder

    if kept_fingerprint(workspace):
        return
    try:
        made_by = read_fingerprint(ours_folder(workspace))
    except InputError:  # none, or damaged: they are made anew
        return
    present = pretrained_encoder().fingerprint
    if made_by != present:
        raise InputError(
            f"the songs were embedded by encoder {made_by}, which is not in this workspace; this version ships {present}",
            code="encoder-gone",
            hint=f"The vectors stay in use. {_UPDATE}",
        )


def _keep_present(workspace: Workspace) -> None:
    from content.pretrained import pretrained_encoder

    present = pretrained_encoder()
    present.save(workspace.shipped / present.fingerprint)
    write_json(workspace.shipped_pointer, {"schema": SCHEMA, "fingerprint": present.fingerprint})
