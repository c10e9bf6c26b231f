"""Content of a benchmark's items from their words: TF-IDF as it is, and its truncated SVD in the place of song embeddings."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from data.embeddings import SongEmbeddings
from data.ids import IdMap
from data.item_features import ItemFeatures, tf_idf

if TYPE_CHECKING:
    import scipy.sparse as sp

POWER_ITERATIONS = 4  # of the randomized SVD; more change no figure here


class Content(NamedTuple):
    """What is known of the items, sparse and dense."""

    features: ItemFeatures
    vectors: SongEmbeddings


def content_of_words(tracks: IdMap, counts: sp.csr_matrix, columns: int) -> Content:
    """TF-IDF, and U S of its SVD (Halko, Martinsson & Tropp, 2011); the engines scale it themselves.

    Parameters
    ----------
    counts : CSR (I, D), words of each item. An item without any word that another has too gets no vector.
    columns : width of the vectors; fewer where the matrix is smaller.
    """
    from sklearn.utils.extmath import randomized_svd
    from threadpoolctl import threadpool_limits

    matrix = tf_idf(counts)
    width = max(1, min(columns, min(matrix.shape) - 1))
    with threadpool_limits(1):  # one seed, the same bytes
        u, s, _ = randomized_svd(matrix, width, n_iter=POWER_ITERATIONS, random_state=0)
    known = np.flatnonzero(np.diff(matrix.indptr) > 0)
    described = IdMap(tuple(tracks.ids[row] for row in known), tracks.name)
    vectors = np.ascontiguousarray((u * s)[known], np.float32)
    return Content(ItemFeatures(tracks, matrix, "tf-idf"), SongEmbeddings(described, vectors, f"svd-{width}-of-words"))


def shuffled(content: Content, seed: int) -> Content:
    """The control: every item gets the content of another one, drawn at random."""
    from recsys.steps.evaluate_recommenders import shuffled_embeddings

    vectors = shuffled_embeddings(content.vectors, seed)
    if vectors is None:
        raise AssertionError("content without vectors")
    order = np.random.default_rng(seed).permutation(len(content.features.tracks))
    features = ItemFeatures(content.features.tracks, content.features.matrix[order], f"{content.features.fingerprint}-shuffled")
    return Content(features, vectors)
