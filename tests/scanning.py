"""Small sound files and short ways to look at a scan, shared by the tests of scanning."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import numpy as np
import soundfile

from data.catalogue import Catalogue
from data.layouts.layout import SUFFIXES
from data.library import scan
from data.scan_report import ScanReport
from data.world.mp3 import id3_header

RATE = 8000
_ID3 = {"artist": "TPE1", "title": "TIT2", "album": "TALB", "genre": "TCON", "year": "TDRC"}


def song(path: Path, seed: int = 0, seconds: float = 1.0, **tags: str) -> Path:
    """Write noise with tags (artist, title, album, genre, year) to `path`, in the format of its suffix, else WAV."""
    path.parent.mkdir(parents=True, exist_ok=True)
    samples = 0.3 * np.random.default_rng(seed).standard_normal(int(seconds * RATE)).astype(np.float32)
    kind = {".flac": "FLAC", ".mp3": "MP3", ".au": "AU"}.get(path.suffix.lower(), "WAV")
    with soundfile.SoundFile(path, "w", RATE, 1, format=kind) as file:
        for name, value in tags.items() if kind != "MP3" else ():
            setattr(file, "date" if name == "year" else name, value)
        file.write(samples)
    if kind == "MP3" and tags:
        path.write_bytes(id3_header({_ID3[name]: value for name, value in tags.items()}) + path.read_bytes())
    return path


def ids(catalogue: Catalogue) -> list[str]:
    """Ids of the catalogue's songs, in order."""
    return [track.track_id for track in catalogue.tracks()]


def numbers(report: ScanReport) -> tuple[int, int, int, int]:
    """New, changed, moved, unchanged."""
    return report.new, report.changed, report.moved, report.unchanged


def dump(catalogue: Catalogue) -> list[str]:
    """All that the catalogue holds, as SQL."""
    db = sqlite3.connect(catalogue.path)
    try:
        return list(db.iterdump())
    finally:
        db.close()


def labels(catalogue: Catalogue) -> dict[str, dict[str, str]]:
    """The labels of each song, by id."""
    return {track.track_id: dict(track.labels) for track in catalogue.tracks()}


def accounted(catalogue: Catalogue, *folders: Path) -> bool:
    """Whether each audio file below the folders is a song or a named problem, and a second scan changes nothing."""
    files = {str(path) for folder in folders for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES}
    songs, problems = {track.path for track in catalogue.tracks()}, {failure.path for failure in catalogue.failures()}
    before = dump(catalogue)
    again = scan(catalogue, folders)
    counts = numbers(again)
    return files <= songs | problems and counts[:3] == (0, 0, 0) and not again.failed and dump(catalogue) == before
