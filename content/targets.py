"""What a network learns to tell: one head of its output a label, and for each song what it carries. numpy only."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from data.errors import InputError
from data.label_values import multiple_values

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Head:
    """The part of the output that tells one label.

    Parameters
    ----------
    label : its kind: "genre", "mood", ...
    classes : its values in the order of the outputs, sorted.
    multi_valued : whether a song may carry several at once ("Circular; Greasy"): then each has a probability of its own
        (sigmoid), else all together sum to 1 (softmax).
    """

    label: str
    classes: tuple[str, ...]
    multi_valued: bool = False


@dataclass(frozen=True)
class Targets:
    """What each song carries, for each head; the primary label's first.

    Parameters
    ----------
    heads : one a label.
    values : a head's float32 (songs, classes), 1 where the song carries the value.
    known : a head's bool (songs,), whether the song carries the label at all.
    """

    heads: tuple[Head, ...]
    values: tuple[NDArray[np.float32], ...]
    known: tuple[NDArray[np.bool_], ...]

    @property
    def outputs(self) -> int:
        """Numbers that the network gives, over all heads."""
        return sum(len(head.classes) for head in self.heads)


def read_targets(label: str, labels: Sequence[str], also: Mapping[str, Sequence[str]], *, least_songs: int) -> Targets:
    """Targets from texts.

    Parameters
    ----------
    label, labels : the primary label and its text for each song; "" where unknown.
    also : further labels likewise. A label is multi-valued if any of its texts holds several values.
    least_songs : values of a multi-valued label that fewer songs carry are left out.

    Raises
    ------
    InputError : another number of texts than of songs, a song without any label, a label with too few values.
    """
    if label in also:
        raise InputError(f"label {label!r} is the primary one and cannot be a further label, too")
    everything = {label: labels, **also}
    for name, texts in everything.items():
        if len(texts) != len(labels):
            raise InputError(f"training: {len(labels)} songs and {len(texts)} texts of {name!r} must be as many")
    bare = sum(not any(texts) for texts in zip(*everything.values(), strict=True))
    if bare:
        names = " or ".join(repr(name) for name in everything)
        raise InputError(f"training: {bare} of {len(labels)} songs have no {names}; leave them out", code="unlabelled")
    heads = [_head(name, texts, least_songs) for name, texts in everything.items()]
    values = [_values(head, everything[head.label]) for head in heads]
    known = [np.array([bool(text) for text in texts]) for texts in everything.values()]
    return Targets(tuple(heads), tuple(values), tuple(known))


def _head(label: str, texts: Sequence[str], least_songs: int) -> Head:
    known = [text for text in texts if text]
    if not known:
        raise InputError(f"training: no song has the label {label!r}", code="no-songs")
    if any(len(multiple_values(text)) > 1 for text in known):
        counts = Counter(value for text in known for value in multiple_values(text))
        classes = tuple(sorted(value for value, songs in counts.items() if songs >= least_songs))
        if not classes:
            raise InputError(
                f"training: of the {len(counts)} values of {label!r} none is carried by {least_songs} songs",
                code="one-class",
                hint="Set least_songs lower or choose another label",
            )
        return Head(label, classes, multi_valued=True)
    counts = Counter(known)
    if len(counts) < 2:
        raise InputError(
            f"training: all {len(known)} songs have {label} {known[0]!r}; at least two different values are needed",
            code="one-class",
            hint="Add songs of another class or choose another label",
        )
    alone = sorted(value for value, songs in counts.items() if songs == 1)
    if alone:
        named = ", ".join(map(repr, alone[:3])) + (", ..." if len(alone) > 3 else "")
        log.warning("only one song each has %s %s: the network can learn the song, not the class", label, named)
    return Head(label, tuple(sorted(counts)))


def _values(head: Head, texts: Sequence[str]) -> NDArray[np.float32]:
    """float32 (songs, classes)."""
    column = {value: number for number, value in enumerate(head.classes)}
    values = np.zeros((len(texts), len(head.classes)), np.float32)
    for song, text in enumerate(texts):
        for value in multiple_values(text) if head.multi_valued else (text,):
            if value in column:
                values[song, column[value]] = 1.0
    return values


def balanced_weights(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Weight of each class, float32 (classes,): songs / (classes * songs of the class), as in scikit-learn; 0 without songs.

    Parameters
    ----------
    values : float32 (songs, classes), one 1 a row, or none where the label is unknown.
    """
    counts: NDArray[np.float32] = values.sum(axis=0)
    weights: NDArray[np.float32] = np.divide(counts.sum(), len(counts) * counts, out=np.zeros_like(counts), where=counts > 0)
    return weights
