"""Lines a second and peak memory of imports of generated histories, each in a process of its own, and of joining them.

`python -m benchmarks histories`: a million lines each; `python -m benchmarks.histories LINES [LAYOUT...]`: so many. Lines are of
5,000 listeners and 200,000 songs, a few of which get most plays.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

LINES = 1_000_000
USERS, SONGS, ARTISTS = 5000, 200_000, 20_000
_DRAWN = 100_000


def run(scratch: Path, *, lines: int = LINES, layouts: Sequence[str] = ()) -> None:
    """A line for each layout."""
    if not Path("/proc/self/status").exists():
        print("\nhistories: only measured where /proc/self/status tells the peak memory")
        return
    print(f"\nimport of {lines:,} generated lines: CPU seconds and peak memory of the whole process")
    for layout in layouts or LAYOUTS:
        path = scratch / layout
        size = _write(path, layout, lines)
        for what in ("import", "join", "reference"):
            command = [sys.executable, "-m", "benchmarks.histories", "--measure", what, layout, str(path)]
            told = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
            speed = f"{lines / told['cpu']:>12,.0f} lines/s {size / 1e6 / told['cpu']:>6.0f} MB/s"
            print(f"  {layout:<14}{told['what']:<42}{told['cpu']:>7.1f} s {speed}{told['peak']:>7.0f} MB", flush=True)
        path.unlink()


def _write(path: Path, layout: str, lines: int) -> int:
    header, row = LAYOUTS[layout]
    with path.open("w", encoding="utf-8") as file:
        file.write(header)
        for drawn in _draws(lines):
            file.writelines(row(*values) for values in drawn)
    return path.stat().st_size


def _draws(lines: int) -> Iterator[Iterator[tuple[int, int, int]]]:
    """User, song and time of each line."""
    rng = np.random.default_rng(0)
    now = 1_400_000_000
    for start in range(0, lines, _DRAWN):
        n = min(_DRAWN, lines - start)
        times = now + np.cumsum(rng.integers(0, 30, n))
        now = int(times[-1])
        yield zip(rng.integers(0, USERS, n).tolist(), (rng.zipf(1.3, n) % SONGS).tolist(), times.tolist(), strict=True)


def _csv(user: int, song: int, moment: int) -> str:
    return f"user_{user:06d},track_{song:07d},1,{moment}\n"


def _lastfm_1k(user: int, song: int, moment: int) -> str:
    artist = song % ARTISTS
    artist_mbid = "" if song % 3 else f"{artist:08x}-1111-2222-3333-444455556666"
    mbid = "" if song % 5 else f"{song:08x}-aaaa-bbbb-cccc-ddddeeeeffff"
    when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(moment))
    return f"user_{user:06d}\t{when}\t{artist_mbid}\tArtist number {artist}\t{mbid}\tTitle of the song {song}\n"


def _listenbrainz(user: int, song: int, moment: int) -> str:
    artist, mbid = song % ARTISTS, f"{song:08x}-aaaa-bbbb-cccc-ddddeeeeffff"
    about = (
        f'"duration_ms": 215000, "music_service": "spotify.com", "recording_mbid": "{"" if song % 5 else mbid}",'
        f' "artist_msid": "{artist:08x}-0000-1111-2222-333344445555", "submission_client": "a client", "tracknumber": 3'
    )
    mapping = (
        f'"artist_mbids": ["{artist:08x}-1111-2222-3333-444455556666"], "recording_mbid": "{mbid}", "artists": [{{'
        f'"artist_credit_name": "Artist number {artist}", "artist_mbid": "{artist:08x}-1111-2222-3333-444455556666",'
        f' "join_phrase": ""}}], "release_mbid": "{song:08x}-bbbb-bbbb-cccc-ddddeeeeffff"'
    )
    return (
        f'{{"inserted_at": {moment}.5, "listened_at": {moment}, "user_name": "user_{user:06d}",'
        f' "recording_msid": "{song:08x}-0000-1111-2222-333344445555", "track_metadata": {{"additional_info": {{{about}}},'
        f' "artist_name": "Artist number {artist}", "mbid_mapping": {{{mapping}}}, "release_name": "Album {song % 30000}",'
        f' "track_name": "Title of the song {song}"}}}}\n'
    )


LAYOUTS: dict[str, tuple[str, Callable[[int, int, int], str]]] = {
    "csv": ("user_id,track_id,plays,time\n", _csv),
    "lastfm-1k": ("", _lastfm_1k),
    "listenbrainz": ("", _listenbrainz),
}


def _measure(what: str, layout: str, path: Path) -> None:
    """Print what one run took, as JSON; the interpreter and imports count for memory, not for time."""
    import pandas as pd
    import pyarrow.csv
    import pyarrow.json
    import pyarrow.parquet  # noqa: F401

    from data.loaded_listens import load
    from data.stored_listens import import_file
    from data.tracks import Track

    stored = path.with_name(f"{path.name}.stored")
    songs = [
        Track(f"track_{song:07d}", f"/{song}", f"Artist number {song % ARTISTS}", f"Title of the song {song}")
        for song in range(20_000)
    ]
    start = time.process_time()
    if what == "import":
        import_file(stored, path)
        name = "import"
    elif what == "join":
        _, counts = load(stored, songs)
        name = f"match with 20,000 songs, join ({counts['user-song pairs']:,} pairs)"
    elif layout == "listenbrainz":
        name = "reference: json.loads of each line"
        with path.open("rb") as file:
            for line in file:
                json.loads(line)
    else:
        name = "reference: pandas.read_csv"
        pd.read_csv(path, **({} if layout == "csv" else {"sep": "\t", "header": None, "quoting": 3}))  # type: ignore[call-overload]
    cpu = time.process_time() - start
    peak = re.search(r"^VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text(encoding="ascii"), re.MULTILINE)
    print(json.dumps({"what": name, "cpu": cpu, "peak": int(peak[1]) / 1024 if peak else 0}))


if __name__ == "__main__":
    if sys.argv[1] == "--measure":
        _measure(sys.argv[2], sys.argv[3], Path(sys.argv[4]))
    else:
        with tempfile.TemporaryDirectory() as folder:
            run(Path(folder), lines=int(sys.argv[1]), layouts=sys.argv[2:])
