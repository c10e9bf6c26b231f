"""Compose a piece for labels: a sound file, a picture and a description of how it was made beside it."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from content.spec import HyperImageSpec
from data.errors import InputError
from data.files import write_json
from recsys.report import SILENT, Report
from recsys.steps.checks import check_songs
from recsys.steps.composing_means import labelled, material_for, networks_for, start_song
from recsys.steps.composing_wishes import learned, read_wishes
from recsys.steps.encoders import trained_encoder
from recsys.steps.images import Songs, songs_with_images
from recsys.steps.machine import patient_threads, workers_or_all
from recsys.workspace import open_workspace

if TYPE_CHECKING:
    from content.composing.familiar import Familiar
    from content.composing.hearing import Networks
    from content.composing.piece import Piece

SCHEMA = 1
METHODS = ("image", "score")
SHORTEST_S, LONGEST_S = 1.0, 600.0


def compose(
    root: Path,
    labels: Sequence[str] = (),
    *,
    out: Path,
    blend: str | None = None,
    seconds: float = 20.0,
    seed: int = 0,
    start: str | None = None,
    style: float | None = None,
    method: str = "image",
    epochs: int | None = None,
    options: Mapping[str, Any] | None = None,
    workers: int = 0,
    report: Report = SILENT,
) -> dict[str, Any]:
    """Compose a piece that the workspace's networks take for what is wished, and write it.

    The first call in a workspace trains networks beside the trained one and takes songs apart; both are kept.

    Parameters
    ----------
    labels : "jazz", "genre=jazz"; several of one kind are blended equally.
    out : .wav, .flac or .mp3; a picture (.png) and a description (.json) of the same name are written beside it.
    blend : "jazz:0.5,blues:0.5", instead of or beside `labels`.
    start : a song, by id or path, to start from; None starts from noise. `style`, in [0, 1], says how much of it stays (0.5).
    method : "image" (the paper's: back through the networks) or "score" (a search among scores of the demo's composer).
    epochs : of the networks trained on first use; None leaves them to their presets.
    options : fields of the method's settings (`ImageSearch`, `ScoreSearch`).

    Returns
    -------
    What the description holds ("wishes", "method", "settings", "probabilities": network -> kind -> value -> probability of the
    piece as it sounds, "correlations" of the image aimed at with that of the sound, "sound", "nearest"), with "sound_file",
    "picture", "description" (paths) and "summary".

    Raises
    ------
    InputError : no workspace, songs or trained network; an unknown label, one that no network has learned; seconds, style or a
        share out of range; a path that cannot be written; a song that cannot be read.
    """
    from content.composing.sound_file import check_sound_path, write_sound

    _check(seconds, start, style, method)
    began = time.monotonic()
    workspace = open_workspace(root)
    patient_threads()
    with workspace.writing(), workspace.catalogue() as catalogue:
        check_songs(catalogue)
        wishes = read_wishes(labels, blend, learned(trained_encoder(workspace)), catalogue)
        check_sound_path(out)
        songs = songs_with_images(workspace, catalogue, HyperImageSpec(), workers=workers, report=report)
        spec = songs.images.cache.spec
        tracks = {track.track_id: track for track in songs.tracks}
        name, sound = start_song(tracks, start, spec, seconds) if start is not None else (None, None)
        networks = networks_for(workspace, songs, wishes, epochs=epochs, workers=workers_or_all(workers), report=report)
        with report.task("composing") as progress:
            if method == "image":
                from content.composing.image import ImageSearch, compose_image

                material = material_for(workspace.composing, songs.tracks, spec, report=report)
                piece = compose_image(
                    networks,
                    material,
                    _real(songs, wishes),
                    wishes,
                    seconds=seconds,
                    seed=seed,
                    search=ImageSearch(**(options or {})),
                    start=sound,
                    style=0.5 if style is None else style,
                    progress=progress,
                )
            else:
                piece = _score(songs, networks, wishes, seconds, seed, options or {}, progress)
        about = _describe(piece, songs, spec) | {"start": name, "wall_seconds": round(time.monotonic() - began, 1)}
    write_sound(out, piece.samples, piece.sample_rate)
    return _written(out, piece, about, spec)


def _check(seconds: float, start: str | None, style: float | None, method: str) -> None:
    if not SHORTEST_S <= seconds <= LONGEST_S:
        raise InputError(f"seconds={seconds:g} must be a number from {SHORTEST_S:g} to {LONGEST_S:g}", code="bad-seconds")
    if method not in METHODS:
        raise InputError(f"method={method!r} must be one of {', '.join(METHODS)}", code="unknown-method")
    if style is not None and not 0.0 <= style <= 1.0:
        raise InputError(f"style={style:g} must be a number from 0 (nothing of the song) to 1 (all of it)", code="bad-style")
    if style is not None and start is None:
        raise InputError(f"style={style:g} says how much of a song stays, and no song is given", code="start", hint="Give --from")
    if start is not None and method != "image":
        raise InputError(f"method {method!r} cannot start from a song", code="start", hint="Use --method image")


def _score(
    songs: Songs, networks: Networks, wishes: dict[str, dict[str, float]], seconds: float, seed: int, options: Any, progress: Any
) -> Piece:
    """The symbolic way."""
    from content.composing.score import ScoreSearch, compose_score

    search = ScoreSearch(**options)
    return compose_score(networks, _real(songs, wishes), wishes, seconds=seconds, seed=seed, search=search, progress=progress)


def _real(songs: Songs, kinds: Iterable[str]) -> dict[str, Familiar]:
    """Real songs of each kind, which keep a piece familiar."""
    from content.cache import Rows
    from content.composing.familiar import familiar

    halves = {kind: labelled(songs, kind) for kind in kinds}
    return {kind: familiar(Rows(songs.images, half.rows), half.values, songs.images.cache.spec) for kind, half in halves.items()}


def _describe(piece: Piece, songs: Songs, spec: HyperImageSpec) -> dict[str, Any]:
    """How it was made, and what can be said of it."""
    from content.decode import resample
    from content.hyperimage import hyper_image
    from evaluation.composing_sound import correlations, likeness, pooled, soundness

    own = hyper_image(resample(piece.samples, piece.sample_rate, spec.sample_rate), spec).astype(np.float32)
    mel = spec.rows["mel"]
    ours = pooled(own[:, mel])
    like = [likeness(ours, pooled(np.asarray(image, np.float32)[:, mel] / np.float32(255))) for image in songs.images]
    nearest = int(np.argmax(like))
    said = piece.log_probabilities
    return {
        "wishes": piece.wishes,
        "method": piece.method,
        "settings": piece.settings,
        "probabilities": {
            network: {
                kind: {value: round(float(np.exp(kinds[kind][value])), 6) for value in values}
                for kind, values in piece.wishes.items()
                if kind in kinds
            }
            for network, kinds in said.items()
        },
        "correlations": correlations(piece.target, own, spec.rows),
        "sound": soundness(piece.samples, piece.sample_rate),
        "nearest": {"track_id": songs.tracks[nearest].track_id, "name": songs.tracks[nearest].name, "likeness": like[nearest]},
    }


def _written(out: Path, piece: Piece, about: dict[str, Any], spec: HyperImageSpec) -> dict[str, Any]:
    """Write picture and description beside the sound."""
    from content.composing.picture import write_piece_figure

    wish = ", ".join(
        value if len(values) == 1 else f"{value} {share:.0%}"
        for values in piece.wishes.values()
        for value, share in values.items()
    )
    picture, description = out.with_suffix(".png"), out.with_suffix(".json")
    write_piece_figure(picture, piece, spec, f"{wish}, method {piece.method}, seed {about['settings'].get('seed', '')}")
    write_json(description, {"schema": SCHEMA, **about})
    sure = float(np.mean([p for kinds in about["probabilities"].values() for of in kinds.values() for p in of.values()]))
    mel, chroma = (about["correlations"][block] or 0.0 for block in ("mel", "chroma"))
    summary = (
        f"{out}: {piece.seconds:.1f} s for {wish}; the networks that it was made for give it {sure:.2f} on average, which is no "
        f"judgement (`recsys evaluate compose` is). Image to own sound: mel {mel:.2f}, chroma {chroma:.2f}. Most like "
        f"{about['nearest']['name']} ({about['nearest']['likeness']:.2f}, a copy has 1). Picture: {picture}"
    )
    return about | {"sound_file": str(out), "picture": str(picture), "description": str(description), "summary": summary}
