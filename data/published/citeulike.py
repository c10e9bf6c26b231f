"""citeulike-t and citeulike-a in the form and on the splits of Collaborative Variational Autoencoder (Li & She, KDD 2017).

`mult.dat`: a line an article, "number of distinct words, then word:count"; the line's place is the article's id, from 0.
`cf-{train,test}-{P}-users.dat`: a line a user, "number of articles, then their ids"; P articles a user are for training.
Protocol: all articles are ranked, those of the user's train left out; recall = hits / articles in the user's test, mean over
users with a test. The sets: C. Wang & D. Blei, KDD 2011 (a); H. Wang, B. Chen & W.-J. Li, IJCAI 2013 (t).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from data.ids import IdMap
from data.listens import Listens
from data.published.benchmark_set import BenchmarkSet, Trial
from data.published.reading import LONGEST, bad, integers, read_lines, shown
from data.splits import Split

if TYPE_CHECKING:
    import scipy.sparse as sp

PROTOCOLS = {"P=1": 1, "P=10": 10}
FOLDER = "cvae_split"
WORDS = "mult.dat"


class Lists(NamedTuple):
    """Pairs of a file of lists: rows of users and of items, int32 (n,) each, and how many lines (users) there are."""

    user: NDArray[np.int32]
    item: NDArray[np.int32]
    n_users: int


def read_lists(path: Path, n_items: int) -> Lists:
    """Read "count, then ids" a line.

    Raises
    ------
    InputError : a line's count is not the number of its ids; an id is no integer in [0, n_items), or stands twice in a line.
    """
    users: list[int] = []
    items: list[int] = []
    lines = read_lines(path)
    for line, text in enumerate(lines, start=1):
        count, *ids = integers(path, line, _cells(path, line, text))
        if count != len(ids):
            raise bad(path, _miscounted(count, len(ids)), line=line)
        if ids and not (min(ids) >= 0 and max(ids) < n_items):
            wrong = next(i for i in ids if not 0 <= i < n_items)
            raise bad(path, f"names item {wrong}; ids must lie in [0, {n_items}), the lines of {WORDS}", line=line)
        if len(set(ids)) < len(ids):
            raise bad(path, "names an item twice", line=line)
        users += [line - 1] * len(ids)
        items += ids
    return Lists(np.array(users, np.int32), np.array(items, np.int32), len(lines))


def read_words(path: Path) -> sp.csr_matrix:
    """Counts of words, CSR float32 (lines, distinct words); an article without words has an empty row.

    Raises
    ------
    InputError : a line's count is not the number of its words, or an entry is not word:count, word >= 0 and count >= 1.
    """
    import scipy.sparse as sp

    words: list[int] = []
    counts: list[int] = []
    ends = [0]
    for line, text in enumerate(read_lines(path), start=1):
        head, *entries = _cells(path, line, text)
        (count,) = integers(path, line, [head])
        if count != len(entries):
            raise bad(path, _miscounted(count, len(entries)), line=line)
        for entry in entries:
            word, _, times = entry.partition(b":")
            if not (word.isdigit() and times.isdigit() and len(entry) <= LONGEST and int(times)):
                raise bad(path, f"has {shown(entry)} where word:count is due", line=line)
            words.append(int(word))
            counts.append(int(times))
        ends.append(len(words))
    distinct, column = np.unique(np.array(words, np.int64), return_inverse=True)
    matrix = sp.csr_matrix((np.array(counts, np.float32), column, ends), shape=(len(ends) - 1, len(distinct)))
    matrix.sum_duplicates()
    return matrix


def _cells(path: Path, line: int, text: bytes) -> list[bytes]:
    """The cells of a line, at least the count."""
    cells = text.split()
    if not cells:
        raise bad(path, "is empty; a line begins with a count", line=line)
    return cells


def _miscounted(said: int, found: int) -> str:
    return f"says {said} and lists {found}"


def read_split(folder: Path, protocol: str, n_items: int) -> Split:
    """The published split `protocol`; train and test of a user lie in the same line of two files.

    Raises
    ------
    InputError : as of `read_lists`; the files have different numbers of lines; an article stands in a user's train and test.
    """
    inside = folder / FOLDER if (folder / FOLDER).is_dir() else folder
    paths = [inside / f"cf-{part}-{PROTOCOLS[protocol]}-users.dat" for part in ("train", "test")]
    train, test = (read_lists(path, n_items) for path in paths)
    if train.n_users != test.n_users:
        raise bad(paths[1], f"has {test.n_users} lines, {paths[0].name} {train.n_users}; both have a line a user")
    pairs = [part.user.astype(np.int64) * n_items + part.item for part in (train, test)]
    both = np.intersect1d(pairs[0], pairs[1])
    if len(both):
        user, item = divmod(int(both[0]), n_items)
        raise bad(paths[1], f"names item {item}, which stands in the same line of {paths[0].name}", line=user + 1)
    users = IdMap(tuple(str(row) for row in range(train.n_users)), "user")
    items = IdMap(tuple(str(row) for row in range(n_items)), "article")
    parts = [Listens(p.user, p.item, np.ones(len(p.item), np.float32), None, users, items) for p in (train, test)]
    cold = np.bincount(train.item, minlength=n_items) == 0
    counts = {
        "train pairs": len(train.item),
        "test pairs": len(test.item),
        "test pairs of articles without any train pair": int(cold[test.item].sum()),
        "articles without any train pair": int(cold.sum()),
        "candidates": n_items,
    }
    return Split(protocol, parts[0], parts[1], cold, np.ones(n_items, np.bool_), counts=counts)


def read(folder: Path, protocols: Sequence[str], _seeds: Sequence[int]) -> list[Trial]:
    """A trial for each protocol; the splits are published, so seeds change nothing here."""
    n_items = len(read_lines(folder / WORDS))
    words: Callable[[], sp.csr_matrix] = cache(partial(read_words, folder / WORDS))
    return [Trial((read_split(folder, protocol, n_items),), words) for protocol in protocols]


_NOTES = (
    "Published splits of CVAE: P=1 and P=10 articles of each user for training; recall is hits / articles in the user's test.",
    "With P=1 the train article of citeulike-t is each user's lowest id, no random draw: who collects what tells little there.",
    "Content is the text of mult.dat alone, all articles'; no tag and no citation is used.",
)

_LONG = "its factors are 8,000 wide here, and scoring takes minutes"
_LEFT_OUT = {
    **{"ease": _LONG, "ease-cf": _LONG},  # EASE is a part of the hybrid all the same
    **dict.fromkeys(("bpr", "bpr-cf", "lightfm-cf"), "als-cf stands for its kind"),
}

CITEULIKE_T = BenchmarkSet(
    "citeulike-t",
    protocols=tuple(PROTOCOLS),
    k=(50, 100, 300),
    columns=300,
    seeds=1,
    drawn=False,
    read=read,
    left_out=_LEFT_OUT,
    notes=_NOTES,
)
CITEULIKE_A = replace(CITEULIKE_T, name="citeulike-a")
