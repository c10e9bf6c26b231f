"""What the model says to one listener of the songs that have an embedding."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from data.catalogue import Catalogue
from data.errors import InputError
from recsys.steps.song_vectors import SongVectors
from recsys.workspace import Workspace


class Heard(NamedTuple):
    """Scores float32 (n,), -inf where the model cannot score a song; rows of songs played, int64 (m,); a remark or ""."""

    scores: NDArray[np.float32]
    heard: NDArray[np.int64]
    note: str


def places_by_model(workspace: Workspace, catalogue: Catalogue, user: str, vectors: SongVectors) -> Heard:
    """The model's scores for `user`.

    Raises
    ------
    InputError : no model, or one that knows nothing of the user (code "unknown-user").
    """
    from collab.people import Person, scores_for, taste_of
    from recsys.steps.current import current_model

    current = current_model(workspace, catalogue, [user])
    serving, person = current.serving, Person(user, (), current.newer.get(user))
    row = int(serving.users.rows([user])[0])
    taste = taste_of(serving, row, person)
    (scores,) = scores_for(serving, [row], [taste], [person])
    if scores is None:
        raise InputError(
            f"nothing is known of user {user!r}", code="unknown-user", hint="Import what they played, or give songs with --seed"
        )
    rows = serving.tracks.rows([track.track_id for track in vectors.tracks])
    known = (rows >= 0) & serving.scorable[rows]  # (row -1 reads the last song and is masked)
    told = np.where(known, scores[rows], -np.inf).astype(np.float32)
    heard = np.flatnonzero(np.isin(rows, taste.tracks) & (rows >= 0))
    return Heard(told, heard, current.note)
