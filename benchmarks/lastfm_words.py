"""Tags of Last.fm's artists as content, without what the listeners of hidden plays typed."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from data.published.lastfm2k import LASTFM2K, LastFm
from recsys.steps.benchmark_content import Content, content_of_words


def counts_without(lastfm: LastFm, hidden: NDArray[np.bool_]) -> sp.csr_matrix:
    """How many listeners gave an artist each tag, CSR float32 (I, tags).

    Every assignment of a (user, artist) pair that `hidden`, bool (n,), marks among the plays is left out.
    """
    plays = lastfm.plays
    pairs = lastfm.pair(plays.user, plays.track)[hidden]
    kept = ~np.isin(lastfm.pair(lastfm.tagger, lastfm.tagged), pairs)
    ones = np.ones(int(kept.sum()), np.float32)
    return sp.csr_matrix((ones, (lastfm.tagged[kept], lastfm.tag[kept])), shape=(len(plays.tracks), lastfm.n_tags))


def content_without(lastfm: LastFm, hidden: NDArray[np.bool_]) -> Content:
    """TF-IDF of `counts_without`, and its SVD."""
    return content_of_words(lastfm.plays.tracks, counts_without(lastfm, hidden), LASTFM2K.columns)
