"""Stored listens joined with the catalogue: bounded, matched by names, of some users alone; and those of older programs."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from data import listens_join, matched
from data.errors import InputError
from data.listens_writer import Codes
from data.loaded_listens import load
from data.match_report import match_report
from data.stored_listens import import_file, sources, state
from data.tracks import Track

OLD = Path(__file__).parent / "listens_of_schema_1"
TRACKS = [Track("t1", "/1", "Duran Duran", "Rio"), Track("t2", "/2", "Björk", "Army of Me")]
NAMED = "user,artist,title,plays\nanna,bjork,army of me,3\nben,Durran Duran,Rio,2\nanna,Nobody,Nothing,5\nben,nobody,NOTHING,1\n"


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def pairs(folder: Path, tracks: list[Track] = TRACKS, **options: object) -> dict[tuple[str, str], float]:
    listens, _ = load(folder, tracks, **options)  # type: ignore[arg-type]
    names = ((listens.users.ids[u], listens.tracks.ids[t]) for u, t in zip(listens.user, listens.track, strict=True))
    return dict(zip(names, listens.weight.tolist(), strict=True))


# what an older program wrote


@pytest.fixture
def old(tmp_path: Path) -> Path:
    return shutil.copytree(OLD, tmp_path / "old")


def test_listens_of_schema_1_load(old: Path) -> None:
    listens, counts = load(old, TRACKS)
    assert pairs(old) == {("anna", "t1"): 3.0 + 7.0, ("ben", "t2"): 1.0 + 3.0}
    assert listens.time is not None
    assert counts["rows stored"] == 6
    assert counts["rows of unknown songs (kept for later)"] == 1


def test_listens_of_schema_1_keep_their_state_so_that_models_stay_fresh(old: Path) -> None:
    assert [source.item_kind for source in sources(old)] == ["lastfm-artist", "track"]
    before = state(old)
    report = import_file(old, old / "plays.csv")  # (the content that was imported, at another path)
    assert report.unchanged
    assert state(old) == before


def test_listens_of_schema_1_and_2_lie_side_by_side(tmp_path: Path, old: Path) -> None:
    import_file(old, write(tmp_path / "new.csv", "user_id,track_id,plays\nanna,t2,5\n"))
    assert json.loads((old / "sources.json").read_text())["schema"] == 2
    assert pairs(old) == {("anna", "t1"): 10.0, ("anna", "t2"): 5.0, ("ben", "t2"): 4.0}


def test_a_lost_list_of_schema_1_is_made_again(tmp_path: Path, old: Path) -> None:
    (old / "sources.json").unlink()
    import_file(old, write(tmp_path / "new.csv", "user_id,track_id,plays\nanna,t2,5\n"))
    assert pairs(old) == {("anna", "t1"): 10.0, ("anna", "t2"): 5.0, ("ben", "t2"): 4.0}


# storage


def test_codes_are_numbered_by_first_appearance() -> None:
    import pyarrow as pa

    codes = Codes()
    first, new = codes.encode(pa.array(["b", "a", "b"]))
    again, newer = codes.encode(pa.array(["c", "a", "a", "d", "c"]))
    assert (first.tolist(), new.tolist()) == ([0, 1, 0], [0, 1])
    assert (again.tolist(), newer.tolist()) == ([2, 1, 1, 3, 2], [0, 3])


def test_the_same_import_gives_the_same_bytes(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", NAMED)
    for name in ("one", "two"):
        import_file(tmp_path / name, path)
    for one in (tmp_path / "one").iterdir():
        assert one.read_bytes() == (tmp_path / "two" / one.name).read_bytes()


def test_an_items_table_of_another_source_is_noticed(tmp_path: Path) -> None:
    report = import_file(tmp_path / "w", write(tmp_path / "a.csv", "user_id,track_id\n" + "".join(f"u,t{n}\n" for n in range(9))))
    other = import_file(tmp_path / "w", write(tmp_path / "b.csv", "user_id,track_id\nu,t1\n"))
    stem, short = (one.source.file.removesuffix(".rows.parquet") for one in (report, other))
    shutil.copy(tmp_path / "w" / f"{short}.items.parquet", tmp_path / "w" / f"{stem}.items.parquet")
    with pytest.raises(InputError, match="Import") as caught:
        load(tmp_path / "w", TRACKS)
    assert caught.value.code == "damaged"


def test_whose_listens_they_are_may_be_said_of_files_that_do_not_say(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "Björk,Post,Army of Me,14 Jul 2017 02:40\n")
    import_file(tmp_path / "w", path)
    assert pairs(tmp_path / "w") == {("me", "t2"): 1.0}
    assert import_file(tmp_path / "w", path).unchanged
    assert import_file(tmp_path / "w", path, user="anna").replaced
    assert pairs(tmp_path / "w") == {("anna", "t2"): 1.0}


def test_files_that_name_their_users_refuse_another(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="says itself who listened") as caught:
        import_file(tmp_path / "w", write(tmp_path / "a.csv", NAMED), user="anna")
    assert caught.value.code == "user"


def test_an_import_killed_while_it_writes_leaves_the_old_state(tmp_path: Path) -> None:
    folder = tmp_path / "w"
    import_file(folder, write(tmp_path / "old.csv", "user_id,track_id\nu,t1\n"))
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    write(tmp_path / "new.csv", "user_id,track_id\n" + "u,t2\nv,t1\n" * 1_500_000)
    program = (
        "import sys; from pathlib import Path; from data.stored_listens import import_file; import_file(*map(Path, sys.argv[1:]))"
    )
    process = subprocess.Popen([sys.executable, "-c", program, folder, tmp_path / "new.csv"], cwd=Path(__file__).parents[1])
    deadline = time.monotonic() + 60
    while not any(path.stat().st_size > 1000 for path in folder.glob(".*.tmp")) and time.monotonic() < deadline:
        assert process.poll() is None
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix != ".tmp"} == before
    assert pairs(folder) == {("u", "t1"): 1.0}


def test_a_full_disk_is_one_clear_error_and_leaves_the_old_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import pyarrow.parquet as pq

    folder = tmp_path / "w"
    import_file(folder, write(tmp_path / "old.csv", "user_id,track_id\nu,t1\n"))
    before = sorted(path.name for path in folder.iterdir())

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(pq.ParquetWriter, "write_table", full)
    with pytest.raises(InputError) as caught:
        import_file(folder, write(tmp_path / "new.csv", NAMED))
    assert caught.value.code == "disk-full"
    assert sorted(path.name for path in folder.iterdir()) == before


# joining


def test_blocks_of_users_join_like_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    rows = zip(
        rng.integers(0, 40, 3000), rng.integers(0, 30, 3000), rng.integers(1, 9, 3000), rng.integers(0, 50, 3000), strict=True
    )
    path = write(tmp_path / "a.csv", "user_id,track_id,plays,time\n" + "".join(f"u{u},t{t},{w},{s}\n" for u, t, w, s in rows))
    import_file(tmp_path / "w", path)
    tracks = [Track(f"t{n}", f"/{n}") for n in range(25)]
    whole = [load(tmp_path / "w", tracks, events=events) for events in (False, True)]
    monkeypatch.setattr(listens_join, "BLOCK_ROWS", 100)
    for events, (listens, counts) in zip((False, True), whole, strict=True):
        blocks, same = load(tmp_path / "w", tracks, events=events)
        assert same == counts
        assert blocks.users == listens.users
        for name in ("user", "track", "weight", "time"):
            np.testing.assert_array_equal(getattr(blocks, name), getattr(listens, name))


def test_some_users_alone_have_the_same_rows(tmp_path: Path) -> None:
    import_file(tmp_path / "w", write(tmp_path / "a.csv", NAMED))
    import_file(tmp_path / "w", write(tmp_path / "b.csv", "user_id,track_id,plays\nanna,t1,1\ncleo,t1,1\n"))
    shutil.copytree(tmp_path / "w", tmp_path / "v")
    for folder in (tmp_path / "w", tmp_path / "v"):  # with matches kept, and without
        assert pairs(folder, users=["anna", "nobody"]) == {("anna", "t1"): 1.0, ("anna", "t2"): 3.0}
        assert pairs(tmp_path / "w") == {("anna", "t1"): 1.0, ("anna", "t2"): 3.0, ("ben", "t1"): 2.0, ("cleo", "t1"): 1.0}


def test_an_event_told_by_two_sources_under_two_names_counts_once(tmp_path: Path) -> None:
    import_file(
        tmp_path / "w", write(tmp_path / "a.csv", "user,artist,title,time\nanna,bjork,Army of Me - Remastered 2011,1500000000\n")
    )
    import_file(tmp_path / "w", write(tmp_path / "b.csv", "user,track_id,time\nanna,t2,1500000000\nanna,t2,1500000001\n"))
    assert pairs(tmp_path / "w") == {("anna", "t2"): 2.0}


# matches


def test_matches_are_kept_until_the_songs_change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import_file(tmp_path / "w", write(tmp_path / "a.csv", NAMED))
    first = pairs(tmp_path / "w")
    with monkeypatch.context() as patch:
        patch.setattr(matched, "match_songs", lambda *_: pytest.fail("matched again"))
        assert pairs(tmp_path / "w") == first
    assert first == {("anna", "t2"): 3.0, ("ben", "t1"): 2.0}
    more = pairs(tmp_path / "w", [*TRACKS, Track("t3", "/3", "Nobody", "Nothing")])
    assert more == {**first, ("anna", "t3"): 5.0, ("ben", "t3"): 1.0}


@pytest.mark.parametrize("damage", [b"", b"rubbish"])
def test_damaged_matches_are_found_again(tmp_path: Path, damage: bytes) -> None:
    import_file(tmp_path / "w", write(tmp_path / "a.csv", NAMED))
    first = pairs(tmp_path / "w")
    (kept,) = (tmp_path / "w").glob("*.matches.parquet")
    kept.write_bytes(damage)
    assert pairs(tmp_path / "w") == first


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_answers_all_the_same(tmp_path: Path) -> None:
    import_file(tmp_path / "w", write(tmp_path / "a.csv", NAMED))
    (tmp_path / "w").chmod(0o500)
    assert pairs(tmp_path / "w") == {("anna", "t2"): 3.0, ("ben", "t1"): 2.0}


def test_the_report_counts_by_way_and_names_what_is_missing(tmp_path: Path) -> None:
    import_file(tmp_path / "w", write(tmp_path / "a.csv", NAMED))
    import_file(tmp_path / "w", write(tmp_path / "b.csv", "user_id,track_id,plays\nanna,t1,1\ncleo,elsewhere,9\n"))
    report = match_report(tmp_path / "w", TRACKS, k=10)
    assert report["matching"] == {
        "track id": {"items": 1, "rows": 1, "listens": 1},
        "artist and title": {"items": 1, "rows": 1, "listens": 3},
        "similar artist and title": {"items": 1, "rows": 1, "listens": 2},
        "": {"items": 3, "rows": 3, "listens": 15},
    }
    assert [(one["id"], one["artist"], one["title"], one["listens"], one["rows"]) for one in report["unmatched"]] == [
        ("elsewhere", "", "", 9, 1),
        ("", "Nobody", "Nothing", 6, 2),
    ]
    (similar,) = report["similar"]
    assert (similar["name"], similar["matched_name"], similar["track_id"]) == ("Durran Duran - Rio", "Duran Duran - Rio", "t1")


def test_artists_are_matched_by_musicbrainz_id_then_by_name(tmp_path: Path) -> None:
    sha1, mbid = "0" * 40, "aaaaaaaa-0000-0000-0000-000000000000"
    rows = [f"{sha1}\t{mbid}\tsomething else\t5", f"{sha1}\t\tThe Cure\t3", f"{sha1}\tbbbb\tHomonym\t2"]
    import_file(tmp_path / "w", write(tmp_path / "a", "\n".join(rows) + "\n"))
    tracks = [
        Track("a", "/a", "A", "x", artist_mbid=mbid),
        Track("b", "/b", "Cure", "y"),
        Track("c", "/c", "Homonym", "z", artist_mbid="cccc"),
    ]
    assert pairs(tmp_path / "w", tracks) == {(sha1, "a"): 5.0, (sha1, "b"): 3.0}
    assert pairs(tmp_path / "w", tracks, users=[sha1]) == {(sha1, "a"): 5.0, (sha1, "b"): 3.0}


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs /proc/self/status to tell the peak memory")
def test_two_million_lines_are_imported_and_joined_in_bounded_memory(tmp_path: Path) -> None:
    program = f"""
import re, sys; from pathlib import Path
import pandas, pyarrow.parquet, pyarrow.csv, pyarrow.compute, scipy.sparse
from data.stored_listens import import_file; from data.loaded_listens import load; from data.tracks import Track
peak = lambda: int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) / 1024
start, folder = peak(), Path({str(tmp_path)!r})
import_file(folder / "w", folder / "many.csv"); imported = peak()
load(folder / "w", [Track(f"t{{n}}", "/") for n in range(20000)])
print(imported - start, peak() - start)"""
    with (tmp_path / "many.csv").open("w") as file:
        file.write("user_id,track_id,plays,time\n")
        for start in range(0, 2_000_000, 100_000):
            file.writelines(f"u{n % 5000},t{n * 7919 % 40000},1,{1_500_000_000 + n}\n" for n in range(start, start + 100_000))
    ran = subprocess.run(
        [sys.executable, "-c", program], cwd=Path(__file__).parents[1], capture_output=True, text=True, check=True
    )
    imported, joined = map(float, ran.stdout.split())
    assert imported < 200  # MB beyond the libraries; the texts of these rows alone would take 400
    assert joined < 350
