"""Listens of a workspace: stored raw, joined with the catalogue when loaded."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from data import stored_listens
from data.catalogue import Catalogue
from data.errors import InputError
from data.library import scan
from data.loaded_listens import load
from data.resolve import resolve_artists
from data.stored_listens import import_file, sources, state
from data.tracks import Track

DATASETS = Path(os.environ.get("RECSYS_DATASETS", Path(__file__).parents[1] / "../shared/datasets"))
TRACKS = [Track("t2", "/2"), Track("t1", "/1"), Track("t3", "/3")]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "listens"


def csv(path: Path, *lines: str, header: str = "user_id,track_id,plays,time") -> Path:
    path.write_text("\n".join((header, *lines)) + "\n", encoding="utf-8")
    return path


def pairs(folder: Path, tracks: list[Track] = TRACKS) -> dict[tuple[str, str], float]:
    listens, _ = load(folder, tracks)
    names = ((listens.users.ids[u], listens.tracks.ids[t]) for u, t in zip(listens.user, listens.track, strict=True))
    return dict(zip(names, listens.weight.tolist(), strict=True))


def test_plays_of_a_pair_are_added_and_its_time_is_the_latest(tmp_path: Path, folder: Path) -> None:
    import_file(folder, csv(tmp_path / "a.csv", "u2,t1,2,100", "u2,t1,3,200", "u1,t2,1,50"))
    listens, counts = load(folder, TRACKS)
    assert listens.users.ids == ("u1", "u2")
    assert listens.tracks.ids == ("t1", "t2", "t3")
    assert listens.matrix().toarray().tolist() == [[0, 1, 0], [5, 0, 0]]
    assert listens.time is not None
    assert listens.time.tolist() == [50, 200]
    assert counts["user-song pairs"] == 2
    assert counts["songs without listens"] == 1


def test_an_event_that_stands_twice_counts_once(tmp_path: Path, folder: Path) -> None:
    import_file(folder, csv(tmp_path / "a.csv", "u,t1,1,100", "u,t1,1,100", "u,t1,1,200"))
    import_file(folder, csv(tmp_path / "b.csv", "u,t1,1,200", "u,t1,1,300"))
    assert pairs(folder) == {("u", "t1"): 3.0}
    assert load(folder, TRACKS)[1]["repeated events counted once"] == 2


def test_events_are_kept_apart_if_asked_for_over_the_same_users_and_songs(tmp_path: Path, folder: Path) -> None:
    import_file(folder, csv(tmp_path / "a.csv", "u,t1,2,100", "u,t1,2,100", "u,t1,1,200", "v,t2,1,"))
    events, counts = load(folder, TRACKS, events=True)
    assert events.time is not None
    assert (events.time.tolist(), events.weight.tolist()) == ([100, 200, 0], [2.0, 1.0, 1.0])
    assert (counts["events"], counts["repeated events counted once"]) == (3, 1)
    joined, _ = load(folder, TRACKS)
    assert (joined.users, joined.tracks) == (events.users, events.tracks)
    assert (joined.matrix() != events.matrix()).nnz == 0


def test_rows_without_a_time_are_all_counted(tmp_path: Path, folder: Path) -> None:
    import_file(folder, csv(tmp_path / "a.csv", "u,t1", "u,t1", header="user_id,track_id"))
    assert pairs(folder) == {("u", "t1"): 2.0}
    assert load(folder, TRACKS)[0].time is None


def test_pairs_of_unknown_time_beside_known_ones_have_time_zero(tmp_path: Path, folder: Path) -> None:
    import_file(folder, csv(tmp_path / "a.csv", "u,t1,1,", "u,t2,1,100"))
    time = load(folder, TRACKS)[0].time
    assert time is not None
    assert time.tolist() == [0, 100]


def test_rows_of_unknown_songs_wait_on_disk(tmp_path: Path, folder: Path) -> None:
    import_file(folder, csv(tmp_path / "a.csv", "u,t1,1,", "v,later,4,"))
    listens, counts = load(folder, TRACKS)
    assert counts["rows of unknown songs (kept for later)"] == 1
    assert listens.users.ids == ("u",)
    assert pairs(folder, [*TRACKS, Track("later", "/l")])["v", "later"] == 4


def test_the_same_content_again_changes_nothing_and_says_so(tmp_path: Path, folder: Path) -> None:
    first = import_file(folder, csv(tmp_path / "a.csv", "u,t1,1,"))
    before = state(folder)
    for path in (tmp_path / "a.csv", csv(tmp_path / "copy.csv", "u,t1,1,")):
        again = import_file(folder, path)
        assert (again.unchanged, again.source) == (True, first.source)
    assert state(folder) == before
    assert pairs(folder) == {("u", "t1"): 1.0}


def test_new_content_of_a_path_replaces_its_rows(tmp_path: Path, folder: Path) -> None:
    import_file(folder, csv(tmp_path / "a.csv", "u,t1,1,"))
    import_file(folder, csv(tmp_path / "b.csv", "u,t3,1,"))
    before = state(folder)
    assert import_file(folder, csv(tmp_path / "a.csv", "u,t2,5,")).replaced
    assert pairs(folder) == {("u", "t2"): 5.0, ("u", "t3"): 1.0}
    assert state(folder) != before
    assert len(list(folder.glob("*.rows.parquet"))) == 2


def test_a_path_that_becomes_the_copy_of_another_counts_once(tmp_path: Path, folder: Path) -> None:
    import_file(folder, csv(tmp_path / "a.csv", "u,t1,1,"))
    import_file(folder, csv(tmp_path / "b.csv", "u,t2,1,"))
    import_file(folder, csv(tmp_path / "b.csv", "u,t1,1,"))
    assert pairs(folder) == {("u", "t1"): 1.0}
    assert len(list(folder.glob("*.rows.parquet"))) == 1


def test_tables_of_today_may_name_songs_by_more_than_ids(tmp_path: Path, folder: Path) -> None:
    assert not stored_listens.may_be_matched_by_names(folder)
    import_file(folder, csv(tmp_path / "a.csv", "u,a,1,5"))
    assert stored_listens.may_be_matched_by_names(folder)


def test_the_report_tells_of_bad_rows(tmp_path: Path, folder: Path) -> None:
    report = import_file(folder, csv(tmp_path / "a.csv", "u,t1,1,", "u,t1,x,"))
    assert (report.rows, report.source.rows, report.rejected[0].first_line) == (2, 1, 3)


def test_a_refused_file_leaves_what_was_stored(tmp_path: Path, folder: Path) -> None:
    import_file(folder, csv(tmp_path / "a.csv", "u,t1,1,"))
    with pytest.raises(InputError):
        import_file(folder, csv(tmp_path / "a.csv", "u,t1,x,"))
    assert pairs(folder) == {("u", "t1"): 1.0}


def test_an_import_that_dies_before_the_end_changes_nothing(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import_file(folder, csv(tmp_path / "a.csv", "u,t1,1,"))

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    source = csv(tmp_path / "b.csv", "u,t2,1,")
    with monkeypatch.context() as patch:
        patch.setattr(stored_listens, "write_json", die)
        with pytest.raises(KeyboardInterrupt):
            import_file(folder, source)
    assert pairs(folder) == {("u", "t1"): 1.0}
    import_file(folder, csv(tmp_path / "c.csv", "u,t3,1,"))
    assert len(list(folder.glob("*.rows.parquet"))) == len(sources(folder)) == 2


def test_nothing_imported_is_an_empty_matrix(folder: Path) -> None:
    listens, counts = load(folder, TRACKS)
    assert listens.shape == (0, 3)
    assert counts["rows stored"] == 0
    assert sources(folder) == []


def test_a_damaged_table_is_one_clear_error(tmp_path: Path, folder: Path) -> None:
    report = import_file(folder, csv(tmp_path / "a.csv", "u,t1,1,"))
    (folder / report.source.file).write_bytes(b"rubbish")
    with pytest.raises(InputError) as caught:
        load(folder, TRACKS)
    assert caught.value.code == "damaged"


@pytest.mark.parametrize("damage", [None, b"rubbish", "cut"])
def test_importing_again_mends_a_table_as_the_error_says(tmp_path: Path, folder: Path, damage: bytes | str | None) -> None:
    report = import_file(folder, csv(tmp_path / "a.csv", "u,t1,1,", *(f"u{n},t2,{n + 1}," for n in range(500))))
    import_file(folder, csv(tmp_path / "b.csv", "u,t3,1,"))
    expected, before = pairs(folder), state(folder)
    table = folder / report.source.file
    whole = table.read_bytes()
    table.unlink()
    if damage is not None:  # "cut": the middle is gone, what describes the file is not
        middle = len(whole) // 4
        table.write_bytes(whole[:middle] + b"\0" * middle + whole[2 * middle :] if damage == "cut" else b"rubbish")
    with pytest.raises(InputError, match=r"a\.csv again"):
        load(folder, TRACKS)
    again = import_file(folder, tmp_path / "a.csv")
    assert not again.unchanged
    assert "made again" in again.notes[0]
    assert (pairs(folder), state(folder)) == (expected, before)
    assert import_file(folder, tmp_path / "a.csv").notes == ()


@pytest.mark.parametrize("content", [None, "", "[]", '{"schema": 1}', '{"schema": 1, "sources": [{"path": 3}]}', "not json"])
def test_importing_anything_makes_a_lost_list_of_sources_again(tmp_path: Path, folder: Path, content: str | None) -> None:
    import_file(folder, csv(tmp_path / "a.csv", "u,t1,1,"))
    import_file(folder, csv(tmp_path / "b.csv", "u,t2,1,"))
    before = sources(folder)
    (folder / "sources.json").unlink()
    if content is not None:
        (folder / "sources.json").write_text(content)
    with pytest.raises(InputError, match="made again") as caught:
        load(folder, TRACKS)
    assert caught.value.code == "damaged"
    report = import_file(folder, tmp_path / "a.csv")
    assert report.unchanged
    assert "2 sources" in report.notes[-1]
    assert sources(folder) == before
    assert pairs(folder) == {("u", "t1"): 1.0, ("u", "t2"): 1.0}


def test_sources_of_artists_are_found_again_as_such(tmp_path: Path, folder: Path) -> None:
    (tmp_path / "user_artists.dat").write_bytes(b"userID\tartistID\tweight\r\nu\t1\t7\r\n")
    import_file(folder, tmp_path)
    before = sources(folder)
    (folder / "sources.json").write_text("damaged")
    import_file(folder, csv(tmp_path / "b.csv", "u,t2,1,"))
    assert [source for source in sources(folder) if source.item_kind == "lastfm-artist"] == before


def test_a_table_that_cannot_be_read_is_set_aside_when_the_list_is_made_again(tmp_path: Path, folder: Path) -> None:
    report = import_file(folder, csv(tmp_path / "a.csv", "u,t1,1,"))
    (folder / report.source.file).write_bytes(b"rubbish")
    (folder / "sources.json").write_text("damaged")
    notes = import_file(folder, csv(tmp_path / "b.csv", "u,t2,1,")).notes
    assert any(report.source.file in note and "set aside" in note for note in notes)
    import_file(folder, csv(tmp_path / "c.csv", "u,t3,1,"))
    assert (folder / f"{report.source.file}.damaged").read_bytes() == b"rubbish"
    assert pairs(folder) == {("u", "t2"): 1.0, ("u", "t3"): 1.0}


def test_a_list_of_sources_of_another_version_is_not_touched(tmp_path: Path, folder: Path) -> None:
    import_file(folder, csv(tmp_path / "a.csv", "u,t1,1,"))
    (folder / "sources.json").write_text('{"schema": 99}')
    with pytest.raises(InputError) as caught:
        import_file(folder, tmp_path / "a.csv")
    assert caught.value.code == "schema"


def test_the_first_import_that_dies_leaves_nothing_that_counts(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = csv(tmp_path / "a.csv", "u,t1,1,")
    write_json, calls = stored_listens.write_json, []

    def die_at_the_end(path: Path, value: object) -> None:
        calls.append(path)
        if len(calls) == 2:
            raise KeyboardInterrupt
        write_json(path, value)

    with monkeypatch.context() as patch:
        patch.setattr(stored_listens, "write_json", die_at_the_end)
        with pytest.raises(KeyboardInterrupt):
            import_file(folder, source)
    assert len(list(folder.glob("*.rows.parquet"))) == 1
    assert pairs(folder) == {}
    import_file(folder, csv(tmp_path / "b.csv", "u,t2,1,"))
    assert pairs(folder) == {("u", "t2"): 1.0}


def test_very_large_sums_stay_finite(tmp_path: Path, folder: Path) -> None:
    import_file(folder, csv(tmp_path / "a.csv", "u,t1,3e38,", "u,t1,3e38,"))
    assert np.isfinite(load(folder, TRACKS)[0].weight).all()


def test_artists_are_found_by_number_then_by_name() -> None:
    tracks = [
        Track("a", "/a", "Björk", labels={"lastfm_artist_id": "5"}),
        Track("b", "/b", "bjork"),
        Track("c", "/c", "The Cure"),
        Track("d", "/d", "The Cure!"),
        Track("e", "/e", "Them", labels={"lastfm_artist_id": "9"}),
    ]
    found = resolve_artists(["5", "6", "7", "8"], ["Björk", "THE CURE", "Them", ""], tracks)
    # "Them" with number 9 is another artist than "Them" with number 7.
    assert list(zip(found.item.tolist(), found.track.tolist(), strict=True)) == [(0, 0), (1, 2), (1, 3)]


def test_plays_of_an_artist_go_to_each_of_its_songs(tmp_path: Path, folder: Path) -> None:
    (tmp_path / "user_artists.dat").write_bytes(b"userID\tartistID\tweight\r\nu\t1\t7\r\nv\t2\t3\r\nu\t1\t1\r\n")
    (tmp_path / "artists.dat").write_bytes(b"id\tname\turl\tpictureURL\n1\tA\tx\ty\n2\tB\tx\ty\n")
    import_file(folder, tmp_path)
    tracks = [Track("x", "/x", "a"), Track("y", "/y", "A"), Track("z", "/z", "C")]
    assert pairs(folder, tracks) == {("u", "x"): 8.0, ("u", "y"): 8.0}
    assert load(folder, tracks)[1]["rows of unknown songs (kept for later)"] == 1


def test_the_state_is_read_without_pandas_and_pyarrow(tmp_path: Path, folder: Path) -> None:
    import_file(folder, csv(tmp_path / "a.csv", "u,t1,1,"))
    program = f"""
import sys; from pathlib import Path; from data.stored_listens import state
print(state(Path({str(folder)!r})), [m for m in ("pandas", "pyarrow") if m in sys.modules])"""
    command = [sys.executable, "-c", program]
    run = subprocess.run(command, cwd=Path(__file__).parents[1], capture_output=True, text=True, check=True)
    assert run.stdout.split(maxsplit=1) == [state(folder), "[]\n"]


@pytest.mark.skipif(
    not all((DATASETS / name).is_dir() for name in ("moods4q", "lastfm2k")), reason="needs moods4q and lastfm2k (RECSYS_DATASETS)"
)
def test_real_songs_and_real_listens_agree_with_their_source(tmp_path: Path, folder: Path) -> None:
    with Catalogue.open(tmp_path / "c.sqlite", create=True) as catalogue:
        report = scan(catalogue, [DATASETS / "moods4q"])
        again = scan(catalogue, [DATASETS / "moods4q"])
        tracks = catalogue.tracks()
        assert (report.new, report.failed, report.damaged, again.unchanged) == (735, [], [], 735)
        assert catalogue.label_kinds()["mood"] == 735
    imported = import_file(folder, DATASETS / "moods4q" / "listens.csv")
    assert (imported.rows, imported.rejected) == (10255, ())
    listens, counts = load(folder, tracks)
    assert listens.shape == (1668, 735)
    assert counts["user-song pairs"] == 10255
    # The same listens, joined by this program from the original plays of artists.
    import_file(tmp_path / "original", DATASETS / "lastfm2k")
    original, _ = load(tmp_path / "original", tracks)
    assert original.users.ids == listens.users.ids
    assert (original.matrix() != listens.matrix()).nnz == 0
