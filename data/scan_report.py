"""What a scan found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from data.catalogue import Failure


def told(reasons: Mapping[str, int]) -> str:
    """Numbers of failures by code in words: "3 silent, 1 truncated"."""
    return ", ".join(f"{number} {code}" for code, number in reasons.items())


@dataclass
class ScanReport:
    """Filled while a scan runs. Numbers count songs; failures are files, folders and rows of a table.

    Parameters
    ----------
    new, changed, moved, unchanged : `changed` has new sound, a new table row or a new folder label.
    vanished : ids of songs of these folders that are no longer there, or are ignored; the catalogue keeps them.
    ignored : those of them whose file is there.
    failed : what could not be used, met for the first time.
    known_failures : what an earlier scan met and is still so; such a file is not tried again until it changes.
    damaged : new or changed songs that are kept although part of their sound is missing.
    retagged : songs, all unchanged or changed as well, whose tags this version of the program has read anew.
    lines : remarks for a person.
    """

    new: int = 0
    changed: int = 0
    moved: int = 0
    unchanged: int = 0
    vanished: list[str] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)
    failed: list[Failure] = field(default_factory=list)
    known_failures: int = 0
    damaged: list[Failure] = field(default_factory=list)
    retagged: int = 0
    lines: list[str] = field(default_factory=list)

    def reasons(self) -> dict[str, int]:
        """Number of new failures by code, most frequent first."""
        return dict(Counter(failure.code for failure in self.failed).most_common())
