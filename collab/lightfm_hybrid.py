"""LightFM (Kula, CBRecSys 2015) without and with content: the reference hybrid."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from collab.confidence import confidence
from data.errors import InputError

if TYPE_CHECKING:
    import scipy.sparse as sp


@dataclass(frozen=True)
class LightFMConfig:
    """Choices of LightFM; the loss is WARP, which learns to put played songs above others near the top of the list.

    Parameters
    ----------
    components : length of the latent vectors.
    epochs : passes over the listens.
    learning_rate : of Adagrad, > 0.
    l2 : penalty on the latent vectors, >= 0.
    """

    components: int = 64
    epochs: int = 15
    learning_rate: float = 0.05
    l2: float = 0.0

    def __post_init__(self) -> None:
        if self.components < 1 or self.epochs < 1:
            raise InputError(f"lightfm: components={self.components} and epochs={self.epochs} must be 1 or more")
        if not self.learning_rate > 0 or self.l2 < 0:
            raise InputError(f"lightfm: learning_rate={self.learning_rate} must be > 0 and l2={self.l2} >= 0")


@dataclass(frozen=True)
class FeatureEmbeddings:
    """What LightFM learned.

    Parameters
    ----------
    users : float32 (U, components)
    features : float32 (F, components + 1), one row a feature column; the last column is its bias.
    """

    users: NDArray[np.float32]
    features: NDArray[np.float32]


def feature_rows(identity: NDArray[np.bool_], scaled: NDArray[np.float32] | None) -> sp.csr_matrix:
    """Side features of I songs: [identity | scaled content].

    Parameters
    ----------
    identity : bool (I,), songs with a column of their own. LightFM starts each such column at random and never trains that of a
        song without listens, so such a song must not have one, or its random vector drowns its content.
    scaled : float32 (I, c), rows of unit length, or None for ids only.

    Returns
    -------
    CSR float32 (I, sum(identity) + c)
    """
    import scipy.sparse as sp

    rows = np.flatnonzero(identity)
    own = sp.csr_matrix(
        (np.ones(len(rows), np.float32), (rows, np.arange(len(rows)))), shape=(len(identity), len(rows)), dtype=np.float32
    )
    return own if scaled is None else sp.hstack([own, sp.csr_matrix(scaled)], format="csr", dtype=np.float32)


def fit_lightfm(
    plays: sp.csr_matrix,
    features: sp.csr_matrix,
    config: LightFMConfig,
    *,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> FeatureEmbeddings:
    """Train with one thread, the only way in which LightFM gives the same result twice.

    Parameters
    ----------
    plays : CSR float32 (U, I)
    features : CSR float32 (I, F), as `feature_rows` makes them.
    progress : called with (epochs done, epochs).

    Raises
    ------
    InputError : lightfm is not installed, or training diverged.
    """
    import scipy.sparse as sp

    model = _lightfm_class()(
        no_components=config.components,
        loss="warp",
        learning_rate=config.learning_rate,
        item_alpha=config.l2,
        user_alpha=config.l2,
        random_state=seed,
    )
    weights = confidence(plays).tocoo()
    played = sp.coo_matrix((np.ones_like(weights.data), (weights.row, weights.col)), shape=weights.shape)
    for epoch in range(config.epochs):
        try:
            model.fit_partial(played, item_features=features, sample_weight=weights, epochs=1, num_threads=1)
        except ValueError as error:
            if "finite" not in str(error):
                raise
            raise InputError(f"lightfm diverged in epoch {epoch + 1}", code="diverged", hint="Lower the learning rate") from error
        if progress is not None:
            progress(epoch + 1, config.epochs)
    users = np.array(model.user_embeddings, np.float32)
    # A user without listens was never trained: what stands there is noise.
    users[np.diff(plays.indptr) == 0] = 0.0
    return FeatureEmbeddings(users, np.column_stack([model.item_embeddings, model.item_biases]).astype(np.float32))


def factors_of(embeddings: FeatureEmbeddings, features: sp.csr_matrix) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """User and item factors whose product is LightFM's score (less the user's bias, which changes no ranking).

    Never scored through `LightFM.predict`, which is some 50 times slower than one matrix product.

    Parameters
    ----------
    features : CSR float32 (I, F), same columns as in training.

    Returns
    -------
    user factors float32 (U, components + 1), the last column 1 so that the song's bias is added, and
    item factors float32 (I, components + 1).
    """
    users = np.column_stack([embeddings.users, np.ones(len(embeddings.users), np.float32)])
    return users.astype(np.float32), np.asarray(features @ embeddings.features, dtype=np.float32)


def _lightfm_class() -> Any:
    try:
        from lightfm import LightFM
    except ImportError as error:
        raise InputError(
            f"the engines 'lightfm' and 'lightfm-cf' need the package lightfm-next, which cannot be imported ({error})",
            code="no-lightfm",
            hint="It is built from source: install a C compiler (gcc or clang) and then lightfm-next, or take the engine 'als'",
        ) from error
    return LightFM
