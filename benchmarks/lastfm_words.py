"""Tags of Last.fm's artists as content, without what the listeners of hidden plays typed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from data.published.lastfm2k import LASTFM2K, LastFm
from recsys.steps.benchmark_content import Content, content_of_words


def content_without(lastfm: LastFm, hidden: NDArray[np.bool_]) -> Content:
    """TF-IDF of the tags, and its SVD; assignments of pairs that `hidden`, bool (n,), marks among the plays are left out."""
    return content_of_words(lastfm.plays.tracks, lastfm.tag_counts(~lastfm.typed_of(hidden)), LASTFM2K.columns)
