"""What must be there before songs are learned from: songs, and labels that tell them apart."""

from __future__ import annotations

from collections.abc import Sequence

from data.catalogue import Catalogue
from data.errors import InputError


def check_songs(catalogue: Catalogue) -> None:
    """Raise InputError if there is no song at all."""
    if not catalogue.count():
        raise InputError("the catalogue holds no songs", code="no-songs", hint="Run `recsys scan FOLDER` first")


def check_labels(catalogue: Catalogue, label: str, also: Sequence[str]) -> None:
    """Raise InputError unless `label` and each further one can be learned, and each is named once."""
    for kind in (label, *also):
        check_label(catalogue, kind)
    if len({label, *also}) < 1 + len(also):
        raise InputError(f"labels {', '.join((label, *also))}: each may be named once")


def check_label(catalogue: Catalogue, label: str) -> None:
    """Raise InputError unless songs carry `label` with at least two values; names the labels there are."""
    check_songs(catalogue)
    values = catalogue.label_values(label)
    if not values:
        kinds = ", ".join(f"{kind} ({n} songs)" for kind, n in catalogue.label_kinds().items()) or "none"
        raise InputError(f"no song has a label {label!r}; labels in the catalogue: {kinds}", code="unknown-label")
    if len(values) < 2:
        raise InputError(
            f"label {label!r} has one value only, {next(iter(values))!r}; a network needs two or more", code="one-class"
        )
