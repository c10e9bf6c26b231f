"""How strange a sound is among real songs: what keeps a search that pleases the networks on the side of music that there is.

Networks can be sure of what no musician would play. So a piece must also lie where songs of its label lie, in two views that no
label has shaped: the shipped encoder's embedding, and statistics of the hyper-image.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from content.spec import HyperImageSpec
from content.statistics import image_statistics

NEIGHBOURS = 5
BLOCKS = ("tempogram", "mel", "mfcc", "contrast")  # chroma and tonnetz would ask for the neighbours' key

Images = Sequence[NDArray[np.uint8]]


@dataclass(frozen=True, eq=False)
class View:
    """Real songs in one view: vectors float32 (n, d), standardised, and the value of each; `usual`, value -> the mean distance of
    a song of that value to its nearest others of it."""

    mean: NDArray[np.float32]
    scale: NDArray[np.float32]
    vectors: NDArray[np.float32]
    values: NDArray[np.str_]
    usual: Mapping[str, float]

    def strangeness(self, vector: NDArray[np.float32]) -> dict[str, float]:
        """Value -> mean distance to the nearest songs of it, over what is usual among them; 1 = as any of them."""
        distances = np.sqrt((((vector - self.mean) * self.scale - self.vectors) ** 2).sum(axis=1))
        return {value: _near(distances[self.values == value]) / usual for value, usual in self.usual.items()}


@dataclass(frozen=True, eq=False)
class Familiar:
    """Real songs of one kind of label, in both views."""

    embedding: View
    statistics: View
    spec: HyperImageSpec

    def strangeness(self, image: NDArray[np.uint8]) -> dict[str, float]:
        """Value -> how strange a sound is among its songs, mean of both views; image uint8 (frames, n_rows)."""
        views = (self.embedding.strangeness(_embeddings([image])[0]), self.statistics.strangeness(_statistics(image, self.spec)))
        return {value: float(np.mean([view[value] for view in views])) for value in views[0]}

    def strangeness_of_statistics(self, image: NDArray[np.uint8]) -> dict[str, float]:
        """The same in the view of statistics alone, which needs no network and so costs a search next to nothing."""
        return self.statistics.strangeness(_statistics(image, self.spec))


def familiar(images: Images, values: Sequence[str], spec: HyperImageSpec) -> Familiar:
    """Get to know real songs.

    Parameters
    ----------
    images : one a song, uint8 (frames, n_rows).
    values : of the label, one a song, none "".
    """
    known = np.array(values)
    statistics = np.stack([_statistics(images[row], spec) for row in range(len(images))])
    return Familiar(_view(_embeddings(images), known), _view(statistics, known), spec)


def _view(vectors: NDArray[np.float32], values: NDArray[np.str_]) -> View:
    mean, deviation = vectors.mean(axis=0), vectors.std(axis=0)
    scale = (1.0 / np.maximum(deviation, 1e-6 + 0.05 * deviation.mean())).astype(np.float32)
    table = (vectors - mean) * scale
    usual = {}
    for value in np.unique(values).tolist():
        own = table[values == value]
        gaps = np.sqrt(((own[:, None] - own[None]) ** 2).sum(axis=2))
        np.fill_diagonal(gaps, np.inf)
        usual[value] = float(np.mean([_near(row[np.isfinite(row)]) for row in gaps])) if len(own) > 1 else 1.0
    return View(mean, scale, table, values, usual)


def _near(distances: NDArray[np.floating]) -> float:
    count = min(NEIGHBOURS, len(distances))
    return float(np.partition(distances, count - 1)[:count].mean())


def _embeddings(images: Images) -> NDArray[np.float32]:
    from content.embedding import embed
    from content.pretrained import pretrained_encoder

    return embed(pretrained_encoder(), images, device="cpu", threads=1)[0]


def _statistics(image: NDArray[np.uint8], spec: HyperImageSpec) -> NDArray[np.float32]:
    """Mean, deviation and change of the rows of `BLOCKS`, float32 (d,)."""
    parts = image_statistics(image).reshape(3, -1)  # (mean, deviation, change; rows)
    return np.concatenate([parts[:, spec.rows[block]].ravel() for block in BLOCKS])
