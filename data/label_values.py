"""Labels of several values: one text, the values joined by "; ", e.g. "Circular; Greasy; Messy"."""

from __future__ import annotations

from collections.abc import Iterable

from data.tags import clean

SEPARATOR = "; "


def multiple_values(text: str) -> tuple[str, ...]:
    """The values of a label, cleaned, each once, in their order; () of an empty one. A label of one value gives that one."""
    values = map(clean, text.split(SEPARATOR.strip()))
    return tuple(dict.fromkeys(value for value in values if value))


def joined_values(values: Iterable[str]) -> str:
    """One label of several values: `multiple_values` gives them back. A semicolon inside a value becomes a comma."""
    cleaned = (clean(value.replace(SEPARATOR.strip(), ",")) for value in values)
    return SEPARATOR.join(dict.fromkeys(value for value in cleaned if value))
