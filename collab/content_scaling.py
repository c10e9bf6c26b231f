"""Embeddings made fit to be side features: centred, standardised, reduced if asked, of unit length."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from data.embeddings import unit_rows
from data.errors import InputError


@dataclass(frozen=True)
class ScalingConfig:
    """Choices of the scaling.

    Parameters
    ----------
    standardise : divide each column by its standard deviation. "auto" leaves columns that are uncorrelated already (principal
        components) as they are: there the spread of a column is information, and levelling it makes the choice of the leading
        components arbitrary.
    components : keep this many principal components, or None for all columns. Chosen before rows get unit length.
    unit : scale rows to unit length. LightFM does not learn from rows that lack it, and says nothing.
    """

    standardise: Literal["auto"] | bool = "auto"
    components: int | None = None
    unit: bool = True

    def __post_init__(self) -> None:
        if self.components is not None and self.components < 1:
            raise InputError(f"components={self.components} must be 1 or more, or None")
        if self.standardise not in ("auto", True, False):
            raise InputError(f'standardise={self.standardise!r} must be "auto", True or False')


@dataclass(frozen=True)
class ContentScaler:
    """A fitted scaling: `(vectors - mean) @ projection`, then rows of unit length if `unit`.

    Parameters
    ----------
    mean : float32 (d,)
    projection : float32 (d, c); dead columns have a row of zeros, standard deviations and principal axes are folded in.
    unit : whether rows are scaled to unit length.
    """

    mean: NDArray[np.float32]
    projection: NDArray[np.float32]
    unit: bool

    @property
    def width(self) -> int:
        """Number of columns c after scaling."""
        return int(self.projection.shape[1])

    def transform(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        """Scale n vectors.

        Parameters
        ----------
        vectors : float32 (n, d)

        Returns
        -------
        float32 (n, c); a vector equal to the mean gives a row of zeros.

        Raises
        ------
        InputError : `vectors` does not have d columns.
        """
        if vectors.ndim != 2 or vectors.shape[1] != len(self.mean):
            raise InputError(f"vectors {vectors.shape} must be (n, {len(self.mean)}), as the scaling was fitted")
        scaled: NDArray[np.float32] = np.asarray((vectors - self.mean) @ self.projection, dtype=np.float32)
        return unit_rows(scaled) if self.unit else scaled


def fit_scaler(
    vectors: NDArray[np.float32], rows: NDArray[np.bool_], config: ScalingConfig, widths: Sequence[int] = ()
) -> ContentScaler:
    """Fit the scaling on some songs only: those with listens, so that nothing is learned from songs held out.

    Parameters
    ----------
    vectors : float32 (I, d), finite.
    rows : bool (I,), the songs to fit on.
    widths : columns of each part, from left to right, where the vectors are several encoders' side by side.

    Returns
    -------
    ContentScaler with c = d, or min(components, d) columns.

    Raises
    ------
    InputError : no row to fit on.
    """
    x = vectors[rows].astype(np.float64)
    if not len(x):
        raise InputError("content scaling needs at least one song with a vector", code="no-content")
    mean = x.mean(axis=0)
    spread = x.std(axis=0)
    # A column that hardly moves carries rounding noise; dividing by its spread would blow that noise up.
    alive = spread > 1e-6 * max(float(spread.max()), 1e-30)
    centred = (x - mean) * alive
    levelled = config.standardise is True or (config.standardise == "auto" and _correlated(centred[:, alive]))
    scale = np.where(alive, 1.0 / np.where(alive, spread, 1.0) if levelled else 1.0, 0.0)
    if levelled and len(widths) > 1:
        scale = scale / _part_lengths(alive, widths)
    projection = np.diag(scale)
    if config.components is not None and config.components < x.shape[1]:
        projection = projection @ _principal_axes(centred * scale, config.components)
    return ContentScaler(mean.astype(np.float32), projection.astype(np.float32), config.unit)


def _part_lengths(alive: NDArray[np.bool_], widths: Sequence[int]) -> NDArray[np.float64]:
    """What each column is divided by so that each part has the same share of a song's length: levelled columns count alike, and
    without it the wider part would drown the other. float64 (d,).
    """
    parts = np.split(alive, np.cumsum(widths)[:-1])
    lengths: NDArray[np.float64] = np.concatenate([np.full(len(part), np.sqrt(max(part.sum(), 1))) for part in parts])
    return lengths


def _correlated(centred: NDArray[np.float64]) -> bool:
    """Whether columns (n, d) correlate more than independent columns would by chance (root mean square 1 / sqrt(n))."""
    n, d = centred.shape
    if d < 2 or n < 3:
        return True
    columns = centred / np.linalg.norm(centred, axis=0)
    gram = columns.T @ columns
    off_diagonal = float(np.sum(gram**2) - np.sum(np.diag(gram) ** 2)) / (d * (d - 1))
    return bool(off_diagonal > 4.0 / n)


def _principal_axes(centred: NDArray[np.float64], components: int) -> NDArray[np.float64]:
    """Leading axes (d, components) of centred rows (n, d), each with its largest entry positive so that signs are stable."""
    _, axes = np.linalg.eigh(centred.T @ centred)  # ascending eigenvalues
    leading = axes[:, ::-1][:, :components]
    largest = leading[np.abs(leading).argmax(axis=0), np.arange(leading.shape[1])]
    return np.asarray(leading * np.where(largest < 0, -1.0, 1.0))
