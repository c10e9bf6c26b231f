"""Names of songs and labels as text in a figure of matplotlib."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator


def plain(text: str) -> str:
    """Text that matplotlib does not read as a formula."""
    return text.replace("$", r"\$")


@contextlib.contextmanager
def boxes_for_unknown_letters() -> Iterator[None]:
    """Draw what the font does not have as a box, without a warning a letter: names come in every script."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from", category=UserWarning)
        warnings.filterwarnings("ignore", message="Matplotlib currently does not support", category=UserWarning)
        yield
