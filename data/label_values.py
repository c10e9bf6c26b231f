"""Labels that hold several values a song, written in one text: "Circular; Greasy; Messy"."""

from __future__ import annotations


def multiple_values(text: str) -> tuple[str, ...]:
    """The values of one label text, in their order, without blanks around them, empty ones and repetitions; () for ""."""
    return tuple(dict.fromkeys(value.strip() for value in text.split("; ") if value.strip()))
