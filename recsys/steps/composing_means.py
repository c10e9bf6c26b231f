"""What composing in a workspace needs, made on first use and kept in models/composing: networks that differ, and material."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from content.decode import decode
from content.spec import HyperImageSpec
from data.audio import probe
from data.errors import InputError
from data.tracks import Track
from recsys.report import Report
from recsys.steps.composing_halves import MOST_SONGS, Half, networks_of
from recsys.steps.images import Songs
from recsys.workspace import Workspace

if TYPE_CHECKING:
    from content.composing.material import Material
    from content.encoder import Encoder

log = logging.getLogger(__name__)


def networks_for(
    workspace: Workspace, songs: Songs, kinds: Iterable[str], *, epochs: int | None, workers: int, report: Report
) -> dict[str, dict[str, Encoder]]:
    """Networks by kind and name: the workspace's own where it tells this kind first, and several that learn from all its songs.

    One network alone is easily pleased by what nobody hears; those that differ are not fooled by the same.
    """
    from content.encoder import Encoder

    own = Encoder.load(workspace.encoder)
    out: dict[str, dict[str, Encoder]] = {}
    for kind in kinds:
        half = labelled(songs, kind)
        folders = networks_of(workspace.composing, songs, half, kind, epochs=epochs, workers=workers, report=report)
        of_kind = {name: Encoder.load(folder) for name, folder in folders.items()}
        same = own.label == kind and dict(own.spec) == songs.images.cache.spec.as_dict()
        out[kind] = ({"own": own} if same else {}) | of_kind
    return out


def labelled(songs: Songs, kind: str) -> Half:
    """All songs that carry this kind of label, or `MOST_SONGS` of them at random."""
    rows = [row for row, track in enumerate(songs.tracks) if track.labels.get(kind)]
    if len(rows) > MOST_SONGS:
        rows = np.sort(np.random.default_rng(0).choice(rows, MOST_SONGS, replace=False)).tolist()
    tracks = tuple(songs.tracks[row] for row in rows)
    return Half(tracks, tuple(rows), tuple(track.labels[kind] for track in tracks))


def material_for(folder: Path, tracks: Iterable[Track], spec: HyperImageSpec, *, report: Report) -> Material:
    """Material of these songs, as from `kept_material`."""
    from content.composing.material import Material

    return Material.load(kept_material(folder, tracks, spec, report=report))


def kept_material(folder: Path, tracks: Iterable[Track], spec: HyperImageSpec, *, report: Report) -> Path:
    """The folder of the material of these songs, `folder`/material-<what it is made from>, learned unless it is there.

    Files that are gone are left out.

    Raises
    ------
    InputError : no song can be read.
    """
    from content.composing.material import Material, choose_songs, learn_material, material_fingerprint

    everything = list(tracks)
    chosen = [everything[row] for row in choose_songs(len(everything), 0)]
    made_from = material_fingerprint([track.content_hash for track in chosen], spec, 0)
    place = folder / f"material-{made_from}"
    try:
        if Material.load(place).made_from == made_from:
            return place
    except InputError as error:
        log.info("learning material: %s", error)
    names: list[str] = []
    with report.task(f"taking {len(chosen)} songs apart") as progress:
        signals = _heard(chosen, spec, names, lambda done: progress(done, 2 * len(chosen)))
        material = learn_material(
            signals,
            names,
            spec,
            made_from=made_from,
            progress=lambda done, total: progress(len(chosen) + done, len(chosen) + total),
        )
    material.save(place)
    return place


def _heard(
    tracks: list[Track], spec: HyperImageSpec, names: list[str], on_song: Callable[[int], None]
) -> Iterator[NDArray[np.float32]]:
    """The sound of each song that can be read; its name goes to `names` at the same time."""
    for done, track in enumerate(tracks, 1):
        try:
            y = decode(Path(track.path), track.duration, spec)
        except InputError as error:
            log.warning("composing does without %s: %s", track.path, error)
            continue
        finally:
            on_song(done)
        names.append(track.name)
        yield y


def start_song(tracks: Mapping[str, Track], song: str, spec: HyperImageSpec, seconds: float) -> tuple[str, NDArray[np.float32]]:
    """The name and the middle of a song of the library, by its id, or of any audio file; float32 (n,) at spec.sample_rate.

    Raises
    ------
    InputError : neither, or it cannot be decoded.
    """
    track = tracks.get(song)
    path = Path(track.path if track is not None else song)
    if track is None and not path.is_file():
        raise InputError(f"{song!r} is no song of the library and no audio file", code="unknown-id", hint="Give an id or a path")
    y = decode(path, track.duration if track is not None else probe(path).duration_s, spec)
    n = round(seconds * spec.sample_rate)
    first = max(0, (len(y) - n) // 2)
    return (track.name if track is not None else path.name), np.ascontiguousarray(y[first : first + n])
