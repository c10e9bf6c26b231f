"""Write the composed world to a folder: mp3 files with tags, tracks.csv, listens.csv and world.json."""

from __future__ import annotations

import csv
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from data.errors import InputError
from data.files import atomic_path, disk_errors, read_json, write_json
from data.listens import Listens
from data.processes import process_pool
from data.world.catalogue import Song, catalogue
from data.world.listeners import listens
from data.world.mp3 import encode_mp3, id3_header
from data.world.render import SAMPLE_RATE, render
from data.world.score import compose
from data.world.spec import NOTICE, SCORE, WorldSpec

__all__ = ["SCHEMA", "WorldSpec", "WorldSummary", "compose_world"]

SCHEMA = 1
_DONE, _BEGUN = "world.json", ".world-begun.json"
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class WorldSummary:
    """What stands in the folder: numbers of artists, songs, listeners and listens; `kept` songs were there already."""

    folder: Path
    fingerprint: str
    artists: int
    songs: int
    listeners: int
    listens: int
    kept: int


def compose_world(
    folder: Path, spec: WorldSpec | None = None, *, workers: int = 1, progress: Callable[[int, int], None] | None = None
) -> WorldSummary:
    """Compose the world of `spec` into `folder`; songs of the same world that are there already are kept.

    Writes `audio/<genre>/<artist> - <title>.mp3`, `tracks.csv`, `listens.csv` and, last, `world.json`. The same spec gives
    the same bytes, with any number of workers.

    Parameters
    ----------
    workers : number of processes, >= 1; with 1 everything happens in this process. More are started afresh ("spawn"), so the
        caller's main module must be importable without side effects.
    progress : called with (songs done, songs in all) after each song.

    Raises
    ------
    InputError : the folder holds another world or files that are no composed world; workers < 1; the disk is full.
    """
    spec = WorldSpec() if spec is None else spec
    if workers < 1:
        raise InputError(f"workers={workers} must be >= 1", code="bad-spec")
    fingerprint = spec.fingerprint()
    _claim(folder, fingerprint)
    songs = catalogue(spec)
    done = {song.index for song in songs if (folder / song.path).is_file() and (folder / song.path).stat().st_size}
    _LOG.info("composing %d songs, %d of them are there already", len(songs), len(done))
    todo = [song for song in songs if song.index not in done]
    for count, _ in enumerate(_write_songs(folder, spec, todo, workers), start=len(done) + 1):
        if progress is not None:
            progress(count, len(songs))
    plays = listens(spec, songs)
    _write_tracks(folder / "tracks.csv", songs)
    _write_listens(folder / "listens.csv", plays)
    summary = WorldSummary(
        folder, fingerprint, len({song.artist for song in songs}), len(songs), spec.listeners, len(plays), len(done)
    )
    write_json(
        folder / _DONE,
        {
            "schema": SCHEMA,
            "composed": True,
            "notice": NOTICE,
            "fingerprint": fingerprint,
            "spec": spec.as_dict(),
            "artists": summary.artists,
            "listens": summary.listens,
        },
    )
    (folder / _BEGUN).unlink(missing_ok=True)
    return summary


def song_mp3(song: Song, spec: WorldSpec) -> bytes:
    """One song as a whole mp3 file; its notes hang on (seed, index) and its style alone."""
    parts = compose(song.style, spec.seconds, spec.rng(SCORE, song.index))
    sound = render(song.style, parts, spec.seconds)
    tags = {"TIT2": song.title, "TPE1": song.artist, "TALB": song.album, "TCON": song.genre, "COMM": NOTICE}
    return id3_header(tags) + encode_mp3(sound, SAMPLE_RATE)


def _claim(folder: Path, fingerprint: str) -> None:
    """Make sure that the folder is empty or this world's, begun or done, and mark it as begun."""
    with disk_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
    marks = [folder / name for name in (_DONE, _BEGUN) if (folder / name).exists()]
    if not marks and any(folder.iterdir()):
        raise InputError(
            f"{folder} holds files that are no composed world", code="foreign-folder", hint="Name an empty or a new folder"
        )
    for mark in marks:
        found = read_json(mark, schema=SCHEMA).get("fingerprint")
        if found != fingerprint:
            raise InputError(
                f"{folder} holds another composed world ({found}, asked for {fingerprint})",
                code="other-world",
                hint="Name another folder, or ask for the same songs, listeners, seconds and seed",
            )
    if folder / _DONE not in marks:
        write_json(folder / _BEGUN, {"schema": SCHEMA, "notice": NOTICE, "fingerprint": fingerprint})
    for left_over in folder.glob("audio/*/.*.tmp"):  # of a killed run
        left_over.unlink(missing_ok=True)


def _write_songs(folder: Path, spec: WorldSpec, songs: Sequence[Song], workers: int) -> Iterator[str]:
    """Write each song, in order; yields its id after each one."""
    if workers == 1 or len(songs) < 2:
        for song in songs:
            yield _write_song(folder, spec, song)
        return
    with process_pool(min(workers, len(songs))) as pool:
        count = len(songs)
        try:
            yield from pool.map(_write_song, [folder] * count, [spec] * count, songs, chunksize=4 if count > 16 * workers else 1)
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise


def _write_song(folder: Path, spec: WorldSpec, song: Song) -> str:
    with atomic_path(folder / song.path, durable=False) as temporary:
        temporary.write_bytes(song_mp3(song, spec))
    return song.track_id


def _write_tracks(path: Path, songs: Sequence[Song]) -> None:
    columns = ("track_id", "path", "artist", "title", "album", "genre", "mood")
    _write_csv(path, columns, ([getattr(song, column) for column in columns] for song in songs))


def _write_listens(path: Path, plays: Listens) -> None:
    assert plays.time is not None  # the composed world knows when
    users, tracks = plays.users.ids, plays.tracks.ids
    columns = (plays.user.tolist(), plays.track.tolist(), plays.weight.tolist(), plays.time.tolist())
    rows = ([users[user], tracks[track], int(count), time] for user, track, count, time in zip(*columns, strict=True))
    _write_csv(path, ("user_id", "track_id", "plays", "time"), rows)


def _write_csv(path: Path, header: Sequence[str], rows: Iterator[list[object]]) -> None:
    with atomic_path(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)
