"""Predicted tags: of one song, of the library, as a table. Stored tags are read with numpy and SQLite alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from data.asked_song import song_asker
from data.catalogue import Catalogue
from data.errors import InputError
from data.files import atomic_path, hash_file
from data.predicted_tags import PredictedTags, read_predicted_tags, standing_out
from data.tracks import Track
from recsys.workspace import MARKER, open_workspace


class _Heard(NamedTuple):
    """One song as an encoder (fingerprint) hears it: T names, and float32 (T,) probabilities."""

    name: str
    names: tuple[str, ...]
    probabilities: NDArray[np.float32]
    encoder: str


def song_tags(root: Path, song: str, *, k: int = 10) -> dict[str, Any]:
    """The `k` likeliest tags of a song of the library (see `data.asked_song`), or of any audio file, also without a workspace.

    Returns
    -------
    "track_id" (None for a file that is not in the library), "name", "encoder" (fingerprint), "songs" (of the library that it is
    compared with), "tags": likeliest first, each {"tag", "probability", "lift" (times the library's mean), "higher_than" (share
    of the library's other songs with a lower probability), "stands_out" (see `data.predicted_tags.standing_out`)}; the last
    three are None where there is nothing to compare with.

    Raises
    ------
    InputError : no such song or file, one that cannot be decoded, or a song without tags yet (code "no-tags").
    """
    if k < 1:
        raise InputError(f"k={k} must be at least 1")
    track, library, same = _find(root, song)
    if track is None:
        heard = _hear(root, Path(song))
        others = (
            np.delete(library.probabilities, same, axis=0) if library is not None and library.encoder == heard.encoder else None
        )
    elif library is not None and track.track_id in library.tracks:
        row = library.tracks.row(track.track_id)
        heard = _Heard(track.name, library.names, library.probabilities[row], library.encoder)
        others = np.delete(library.probabilities, row, axis=0)
    else:
        raise InputError(
            f"song {song!r} has no predicted tags", code="no-tags", hint="See `recsys failed`, or run `recsys embed`"
        )
    compared = library if others is not None and len(others) else None
    return {
        "track_id": track.track_id if track is not None else None,
        "name": heard.name,
        "encoder": heard.encoder,
        "songs": len(compared.tracks) if compared is not None else 0,
        "tags": _table(heard, compared, others, k),
    }


def _table(heard: _Heard, library: PredictedTags | None, others: NDArray[np.float32] | None, k: int) -> list[dict[str, Any]]:
    p = heard.probabilities
    rows: list[dict[str, Any]] = []
    for tag in np.argsort(-p, kind="stable")[:k].tolist():
        row = {"tag": heard.names[tag], "probability": round(float(p[tag]), 6)}
        if library is None or others is None:
            rows.append(row | {"lift": None, "higher_than": None, "stands_out": None})
            continue
        lift = float(p[tag]) / max(float(library.mean[tag]), 1e-9)
        unusual = {"lift": round(lift, 3), "higher_than": round(float((others[:, tag] < p[tag]).mean()), 4)}
        rows.append(row | unusual | {"stands_out": bool(standing_out(p, library.mean)[tag] > 0)})
    return rows


def _find(root: Path, song: str) -> tuple[Track | None, PredictedTags | None, list[int]]:
    """The song of the library, or None for a file; the library's tags, if there are any, and their rows of that very file."""
    track = library = None
    same: list[int] = []
    is_workspace = (root / MARKER).exists()
    if is_workspace:
        with open_workspace(root).catalogue(readonly=True) as catalogue:
            track, library = catalogue.tracks_by_id([song]).get(song), read_predicted_tags(catalogue)
            if track is None and library is not None and Path(song).is_file():
                content = hash_file(Path(song))
                ids = (known.track_id for known in catalogue.tracks() if known.content_hash == content)
                same = [library.tracks.row(track_id) for track_id in ids if track_id in library.tracks]
            if track is None and not Path(song).is_file():
                track = _by_name(catalogue, song, root)
    if track is None and not Path(song).is_file():
        where = f"no song (there is no workspace at {root})"
        raise InputError(f"{song!r} is {where} and no audio file", code="unknown-id", hint="Give a song's id, or a file's path")
    return track, library, same


def _by_name(catalogue: Catalogue, song: str, root: Path) -> Track:
    try:
        return song_asker(catalogue)(song)
    except InputError as error:
        if error.code != "unknown-id":
            raise
        what = f"{song!r} is no song of the library in {root} and no audio file"
        raise InputError(what, code="unknown-id", hint=error.hint) from None


def _hear(root: Path, path: Path) -> _Heard:
    """An audio file through the shipped encoder, as `recsys embed` would hear it."""
    from recsys.steps.machine import patient_threads

    patient_threads()
    from threadpoolctl import threadpool_limits

    from content.decode import decode
    from content.embedding import embed
    from content.hyperimage import hyper_image, to_bytes
    from content.pretrained import pretrained_encoder
    from content.spec import HyperImageSpec
    from data.audio import probe
    from recsys.steps.shipped import shipped_encoder

    encoder = shipped_encoder(open_workspace(root)) if (root / MARKER).exists() else pretrained_encoder()
    spec = HyperImageSpec.from_dict(dict(encoder.spec))
    with threadpool_limits(1):  # as in `recsys embed`, so that the image is the same
        image = to_bytes(hyper_image(decode(path, probe(path).duration_s, spec), spec))
    _, said = embed(encoder, [image], device="cpu")
    return _Heard(path.name, encoder.classes, np.exp(said[0]), encoder.fingerprint)


def library_tags(root: Path) -> dict[str, Any]:
    """What the library's songs sound like: for each tag in how many it stands out.

    Returns
    -------
    "encoder", "songs" (with predicted tags), "without" (songs that have none), "tags": the commonest first, each {"tag", "songs"
    (in which it stands out), "strongest" (songs in which no other tag stands out more), "mean" (probability), "example" (the
    song in which it stands out most: {"track_id", "name", "probability"}, or None)}.

    Raises
    ------
    InputError : nothing is predicted yet (code "no-tags").
    """
    with open_workspace(root).catalogue(readonly=True) as catalogue:
        tags = tags_of(catalogue)
        weights = tags.weights
        best = [tags.tracks.ids[row] for row in weights.argmax(axis=0).tolist()]
        tracks, songs = catalogue.tracks_by_id(best), catalogue.count()
    strongest = np.bincount(weights.argmax(axis=1)[weights.any(axis=1)], minlength=len(tags.names))
    rows: list[dict[str, Any]] = []
    for tag, (name, example) in enumerate(zip(tags.names, best, strict=True)):
        stands = int((weights[:, tag] > 0).sum())
        probability = round(float(tags.probabilities[tags.tracks.row(example), tag]), 6)
        rows.append(
            {
                "tag": name,
                "songs": stands,
                "strongest": int(strongest[tag]),
                "mean": round(float(tags.mean[tag]), 6),
                "example": {"track_id": example, "name": tracks[example].name, "probability": probability} if stands else None,
            }
        )
    rows.sort(key=lambda row: (-row["songs"], -row["strongest"], -row["mean"]))
    return {"encoder": tags.encoder, "songs": len(tags.tracks), "without": songs - len(tags.tracks), "tags": rows}


def export_tags(root: Path, out: Path) -> dict[str, Any]:
    """Write the predicted tags as Parquet: track_id, and one float32 column of probabilities a tag.

    Raises
    ------
    InputError : nothing is predicted yet (code "no-tags"), or a suffix other than .parquet.
    """
    if out.suffix != ".parquet":
        raise InputError(f"{out} must end in .parquet")
    import pyarrow as pa
    import pyarrow.parquet as pq

    with open_workspace(root).catalogue(readonly=True) as catalogue:
        tags = tags_of(catalogue)
    columns = {"track_id": pa.array(tags.tracks.ids, pa.string())}
    columns |= {name: pa.array(tags.probabilities[:, tag]) for tag, name in enumerate(tags.names)}
    about = {"what": "predicted tags, probabilities", "encoder": tags.encoder}
    with atomic_path(out) as path:
        pq.write_table(pa.table(columns).replace_schema_metadata(about), path)
    n, width = tags.probabilities.shape
    return {"path": str(out), "songs": n, "tags": width, "summary": f"{width} predicted tags of {n} songs in {out}"}


def tags_of(catalogue: Catalogue) -> PredictedTags:
    """The library's predicted tags. Raises InputError (code "no-tags") if there are none."""
    tags = read_predicted_tags(catalogue)
    if tags is None:
        raise InputError("no song has predicted tags yet", code="no-tags", hint="Run `recsys embed` first")
    return tags
