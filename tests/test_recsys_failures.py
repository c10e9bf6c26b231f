"""The ledger: what failed is told once, with a histogram of reasons, and tried again when that is asked for."""

from __future__ import annotations

import pytest
from scanning import song

from data.catalogue import Failure
from recsys.workspace import open_workspace


@pytest.fixture
def scanned(recsys, tmp_path):
    """A workspace over two songs, a text and an empty file, and the folder."""
    music = tmp_path / "music"
    song(music / "1.wav")
    song(music / "2.wav", 1)
    (music / "text.mp3").write_text("no song")
    (music / "empty.mp3").touch()
    ran = recsys("-w", tmp_path / "w", "scan", music, "--json")
    assert (ran.code, ran.json["reasons"]) == (3, {"empty-file": 1, "not-audio": 1})
    return tmp_path / "w", music


def codes(recsys, workspace):
    return sorted(failure["code"] for failure in recsys("-w", workspace, "failed", "--json").json)


def test_the_summary_of_a_scan_has_a_histogram_of_reasons(recsys, tmp_path, scanned):
    _, music = scanned
    ran = recsys("-w", tmp_path / "other", "scan", music)
    assert ran.code == 3
    assert "2 failed: 1 empty-file, 1 not-audio" in ran.out


def test_what_failed_before_is_no_failure_of_this_run(recsys, scanned):
    workspace, music = scanned
    ran = recsys("-w", workspace, "scan", music, "--json")
    assert (ran.code, ran.json["failed"], ran.json["known_failures"]) == (0, 0, 2)


def test_the_ledger_tells_code_reason_hint_and_time(recsys, scanned):
    workspace, _ = scanned
    (failure, _) = recsys("-w", workspace, "failed", "--json").json
    assert set(failure) == {"path", "stage", "code", "reason", "hint", "time", "kept"}
    assert all(failure[name] for name in ("path", "stage", "code", "reason", "hint", "time"))


def test_retry_reads_refused_files_again_and_tells_what_came_of_it(recsys, scanned):
    workspace, _ = scanned
    ran = recsys("-w", workspace, "failed", "--retry", "--json")
    assert ran.code == 3
    assert (ran.json["tried"], ran.json["mended"], ran.json["reasons"]) == (2, 0, {"empty-file": 1, "not-audio": 1})
    assert codes(recsys, workspace) == ["empty-file", "not-audio"]


def test_a_refused_file_that_is_good_after_all_becomes_a_song(recsys, scanned):
    workspace, music = scanned
    state = (music / "1.wav").stat()
    with open_workspace(workspace).catalogue() as catalogue:  # as if an older decoder had refused it, and 2 songs were known
        catalogue.remove("1.wav")
        failure = Failure(str(music / "1.wav"), "scan", "time-limit", "too slow", "h", state.st_size, state.st_mtime_ns)
        catalogue.record_failure(failure)
    assert recsys("-w", workspace, "scan", music, "--json").json["songs"] == 1
    answer = recsys("-w", workspace, "failed", "--retry", "--json").json
    assert (answer["tried"], answer["mended"]) == (3, 1)
    assert recsys("-w", workspace, "scan", music, "--json").json["songs"] == 2
    assert codes(recsys, workspace) == ["empty-file", "not-audio"]


def test_retry_gives_songs_that_could_not_be_analysed_to_the_next_embed(recsys, scanned):
    workspace, music = scanned
    state = (music / "1.wav").stat()
    with open_workspace(workspace).catalogue() as catalogue:
        failure = Failure(str(music / "1.wav"), "extract", "time-limit", "too slow", "h", state.st_size, state.st_mtime_ns)
        catalogue.record_failure(failure)
    assert recsys("-w", workspace, "failed", "--retry", "--json").json["cleared"] == 1
    assert recsys("-w", workspace, "embed", "--json").json["embeddings"] == 2


def test_retry_keeps_the_ledger_where_the_folder_is_gone(recsys, scanned):
    workspace, music = scanned
    music.rename(music.with_name("elsewhere"))
    answer = recsys("-w", workspace, "failed", "--retry", "--json").json
    assert (answer["mended"], answer["failed"]) == (0, 2)
    assert codes(recsys, workspace) == ["empty-file", "not-audio"]


def test_a_refused_file_in_a_folder_without_songs_leaves_the_ledger(recsys, scanned, tmp_path):
    workspace, _ = scanned
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "x.mp3").write_text("no song")
    recsys("-w", workspace, "scan", tmp_path / "other")
    answer = recsys("-w", workspace, "failed", "--retry", "--json").json
    assert answer["elsewhere"] == 1
    assert codes(recsys, workspace) == ["empty-file", "not-audio"]


def test_embed_tells_its_failures_by_reason_and_exits_with_3(recsys, scanned):
    workspace, music = scanned
    (music / "2.wav").write_text("broken since the scan")
    ran = recsys("-w", workspace, "embed", "--json")
    assert (ran.code, ran.json["failed"], ran.json["reasons"]) == (3, 1, {"not-audio": 1})
    assert "1 not-audio" in ran.err
    assert recsys("-w", workspace, "embed", "--json").code == 0
