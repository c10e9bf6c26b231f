"""The model as it stands today: as trained, with what has changed since laid over it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from collab.fallback import Plays
from collab.new_songs import with_new_songs
from collab.serving import ServingModel
from collab.serving_files import load_serving
from data import stored_listens
from data.catalogue import Catalogue
from data.embeddings import SongEmbeddings, read_embeddings
from data.errors import InputError
from data.loaded_listens import load
from recsys.steps.inputs import embeddings_in_use, has_embeddings, inputs_state
from recsys.workspace import Workspace


class Current(NamedTuple):
    """What answers are made from.

    Parameters
    ----------
    serving : the trained model, with songs placed that were embedded since.
    newer : what users played since the model was trained, for the users asked about.
    gone : int32 (n,), songs of the model that are no longer in the catalogue.
    note : one line for a person on what is out of date, or "".
    """

    serving: ServingModel
    newer: dict[str, Plays]
    gone: NDArray[np.int32]
    note: str


def current_model(workspace: Workspace, catalogue: Catalogue, users: Sequence[str]) -> Current:
    """The model, and what changed since it was trained as far as it concerns `users`.

    Before there is any listen, embeddings alone make a model: of likes, and of songs spread over all sounds.

    Raises
    ------
    InputError : no model (code "no-model"), and no embeddings without listens to make one from; a model that was made from other
        embeddings than it says (code "stale").
    """
    nothing = np.empty(0, np.int32)
    if not (workspace.hybrid / "serving.json").exists():
        if has_embeddings(workspace) and not stored_listens.sources(workspace.listens):
            note = "there are no listens yet: this rests on sound alone. Import some and run `recsys train-hybrid`"
            return Current(_of_sound_alone(catalogue, read_embeddings(workspace.embeddings)), {}, nothing, note)
        raise InputError("there is no trained model in the workspace", code="no-model", hint="Run `recsys train-hybrid` first")
    serving = load_serving(workspace.hybrid)
    trained_on, now = serving.embeddings_fingerprint, embeddings_in_use(workspace)
    if serving.listens_fingerprint == inputs_state(workspace, catalogue):
        if trained_on != now:  # made from these very files, says the model, and yet of another encoder
            raise InputError(
                f"the model was trained on embeddings {trained_on or 'none'}, those in the workspace are {now or 'none'}",
                code="stale",
                hint="Run `recsys train-hybrid`",
            )
        return Current(serving, {}, nothing, "")
    tracks, apart = catalogue.tracks(), ""
    if now and now == trained_on:
        artists = {track.track_id: track.artist for track in tracks}
        serving = with_new_songs(serving, read_embeddings(workspace.embeddings), artists)
    elif now and trained_on:
        # Vectors of another encoder say nothing to this model; then new songs wait until it is trained again.
        apart = f"; it was trained on embeddings {trained_on}, those of now are {now}, and the two never mix"
    here = {track.track_id for track in tracks}
    gone = np.array([row for row, track_id in enumerate(serving.tracks.ids) if track_id not in here], np.int32)
    missing = len(tracks) - (len(serving.tracks) - len(gone))
    embed = ", `recsys embed` brings them in" if now and now == trained_on else ""
    later = f" (songs that are not in it: {missing}{embed})" if missing > 0 else ""
    note = f"songs, listens or embeddings have changed since the model was trained{later}{apart}: run `recsys train-hybrid`"
    listens, _ = load(workspace.listens, tracks, users=users)
    rows = serving.tracks.rows(listens.tracks.ids)  # song rows of the model, -1 for songs that it cannot place
    plays = listens.matrix()
    newer: dict[str, Plays] = {}
    for user, u in zip(users, listens.users.rows(users).tolist(), strict=True):
        if u < 0:
            continue
        cells = slice(plays.indptr[u], plays.indptr[u + 1])
        since = _since(serving, user, rows[plays.indices[cells]], plays.data[cells])
        if len(since.tracks):
            newer[user] = since
    return Current(serving, newer, gone, note)


def _since(serving: ServingModel, user: str, tracks: NDArray[np.int32], weights: NDArray[np.float32]) -> Plays:
    """What a user plays now, songs int32 (n,) and plays float32 (n,), less what the model was trained on.

    Songs that the model does not know are left out, and so are plays that have been taken back.
    """
    known = tracks >= 0
    tracks, weights = tracks[known], weights[known]
    before = np.zeros(len(serving.tracks), np.float32)
    if user in serving.users:
        old, plays = serving.history.of(serving.users.row(user))
        before[old] = plays
    more = weights - before[tracks]
    new = more > 1e-5 * weights  # (sums of many plays are rounded)
    return Plays(tracks[new].astype(np.int32), more[new].astype(np.float32))


def _of_sound_alone(catalogue: Catalogue, embeddings: SongEmbeddings) -> ServingModel:
    from collab.engine import fit
    from collab.serving import serving_model
    from data.ids import IdMap
    from data.listens import Listens

    tracks = catalogue.tracks()
    ids = IdMap(tuple(track.track_id for track in tracks), "track")
    none = np.empty(0, np.int32)
    listens = Listens(none, none, np.empty(0, np.float32), None, IdMap((), "user"), ids)
    return serving_model(fit("content", listens, embeddings), listens, embeddings, [track.artist for track in tracks])
