"""The encoder that ships with the package: it knows music before it has seen one label of the user's (see MODEL_CARD.md).

Its one head, `TAG`, tells the fifty tags; a song may carry several of them.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import as_file, files
from typing import TYPE_CHECKING

from data.errors import InputError

if TYPE_CHECKING:
    from content.encoder import Encoder

TAG = "predicted tag"  # the label that the head tells; no label of a user's catalogue is called so


@cache
def pretrained_encoder() -> Encoder:
    """The shipped encoder, read once a process.

    Raises
    ------
    InputError : its files are damaged or missing.
    """
    from content.encoder import Encoder

    with as_file(files(__name__)) as folder:
        try:
            return Encoder.load(folder)
        except InputError as error:
            raise InputError(
                f"the encoder that ships with recsys: {error.message}", code=error.code, hint="Install recsys again"
            ) from None
