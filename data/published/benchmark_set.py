"""What every benchmark set gives: splits that are compared, and words of the items to make content of."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from data.errors import InputError
from data.splits import Split

if TYPE_CHECKING:
    import scipy.sparse as sp


@dataclass(frozen=True)
class Trial:
    """One training set, and all that is asked of an engine that was fitted on it.

    Parameters
    ----------
    splits : they share one `train` object, so one fit serves them all; their names are protocols of the set.
    words : gives counts, CSR (I, D), of words (or tags) of each item, without anything that the tests would have to hide. Trials
        with the same words share one function, so that content is made once.
    """

    splits: tuple[Split, ...]
    words: Callable[[], sp.csr_matrix]

    def __post_init__(self) -> None:
        if not self.splits or any(split.train is not self.splits[0].train for split in self.splits):
            raise InputError("a trial needs splits that share one train")


@dataclass(frozen=True)
class BenchmarkSet:
    """A public set: how it is read and what is measured on it.

    Parameters
    ----------
    name : as on the command line.
    protocols : names of its splits, in the order of the report.
    k : lengths of the list at which figures are taken.
    columns : width of the dense content, a truncated SVD of the words' TF-IDF.
    seeds : repetitions, where the caller does not say.
    drawn : whether a seed draws the splits; if they are published, seeds only repeat the fits.
    left_out : engines that would take minutes and run only when asked for by name -> why.
    notes : said in every report.
    read : (folder, protocols, seeds) -> trials; seeds are those of the repetitions.
    """

    name: str
    protocols: tuple[str, ...]
    k: tuple[int, ...]
    columns: int
    seeds: int
    drawn: bool
    read: Callable[[Path, Sequence[str], Sequence[int]], list[Trial]]
    left_out: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
