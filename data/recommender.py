"""The one interface behind which every engine stands; collab implements it, evaluation measures it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import scipy.sparse as sp


class Recommender(Protocol):
    """Scores all songs for known users.

    `cold_tracks` says whether songs without listens get scores that mean something. An engine that cannot tell them apart gives
    them one common score, lowest of all: a tie, which evaluation breaks at random.
    """

    @property
    def name(self) -> str:
        """Short name, as in reports: "lightfm", "als", "content", ..."""
        ...

    @property
    def cold_tracks(self) -> bool:
        """Whether songs without listens are ranked by something better than chance."""
        ...

    def scores(self, users: NDArray[np.int32]) -> NDArray[np.float32]:
        """Scores float32 (b, I), higher is better, never NaN, of all I tracks for the user rows `users`, int32 (b,)."""
        ...


@runtime_checkable
class FoldsIn(Recommender, Protocol):
    """A recommender that also answers listeners who came after training, from their plays alone and without training again."""

    def fold_in(self, plays: sp.csr_matrix) -> NDArray[np.float32]:
        """Scores float32 (b, I) as of `scores`, for b listeners whose plays, CSR float32 (b, I), are all that is known of them.

        A listener of the training set with the plays of the training set gets the scores of `scores`, but for rounding.
        """
        ...
