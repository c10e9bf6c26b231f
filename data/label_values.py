"""Labels of several values: one text, the values joined by "; ", e.g. "Circular; Greasy; Messy"."""

from __future__ import annotations


def multiple_values(text: str) -> tuple[str, ...]:
    """The values of a label, each once, in their order; () of an empty one. A label of one value gives that one."""
    return tuple(dict.fromkeys(value.strip() for value in text.split(";") if value.strip()))
