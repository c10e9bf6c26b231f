"""`recsys evaluate labels` from end to end, on the small composed world, with a network that trains in a moment."""

from __future__ import annotations

import contextlib
import json
import sqlite3

import pytest

SMALL, OTHER = "IC(9,15,4)F(8)O", "IC(9,31,4)F(8)O"


@pytest.fixture
def run(recsys, workspace):
    def run(*args):
        ran = recsys(
            "-w",
            workspace,
            "evaluate",
            "labels",
            "--label",
            "genre",
            "--architecture",
            SMALL,
            "--epochs",
            1,
            "--workers",
            1,
            *args,
        )
        assert ran.code == 0, ran.err
        return ran

    return run


def test_all_splits_give_a_table_each_and_what_they_flatter(run, workspace):
    result = run("--folds", 2, "--split", "all", "--json").json
    assert list(result["splits"]) == ["snippet", "song", "artist"]
    means = {split: table["mean"]["song_precision_at_1"] for split, table in result["splits"].items()}
    for split in ("snippet", "song"):
        assert result["flatters"][split]["song_precision_at_1"] == pytest.approx(means[split] - means["artist"])
    assert result["splits"]["artist"]["flatters"] == result["flatters"]
    for split in ("snippet", "song", "artist"):
        assert json.loads((workspace / "reports" / f"labels-genre-{split}.json").read_text())["flatters"]


def test_a_rival_is_compared_on_the_same_folds(run):
    against = run("--folds", 2, "--against", OTHER, "--json").json["against"]
    assert against["architecture"] == OTHER
    assert set(against["difference"]) == {"song_precision_at_1", "song_macro_f1"}
    assert against["unit"] == "artist"
    assert set(against["train_seconds"]) == {"architecture", "against"}


def test_an_architecture_against_itself_differs_by_nothing(run):
    difference = run("--folds", 2, "--against", SMALL, "--json").json["against"]["difference"]
    assert difference["song_precision_at_1"] == {"value": 0.0, "low": 0.0, "high": 0.0}


def test_further_labels_are_learned_at_the_same_time_and_settings_are_taken(run):
    alone, both = (run("--folds", 2, *more, "--json").json for more in ((), ("--also", "mood", "--set", "optimizer=adamw")))
    assert alone["folds"] != both["folds"]
    assert both["settings"]["also"] == ["mood"]
    assert both["settings"]["training"]["optimizer"] == "adamw"
    assert both["controls"]["svm_statistics"] == alone["controls"]["svm_statistics"]


def test_a_label_of_several_values_a_song_is_refused(recsys, workspace):
    with contextlib.closing(sqlite3.connect(workspace / "catalogue.sqlite")) as db, db:
        db.execute("UPDATE labels SET value = 'sad; slow' WHERE kind = 'mood' AND track_id = (SELECT min(track_id) FROM tracks)")
    ran = recsys("-w", workspace, "evaluate", "labels", "--label", "mood")
    assert ran.code == 1
    assert "has several values a song, such as 'sad; slow'" in ran.err
    assert "--also mood" in ran.err


def test_a_person_reads_folds_interval_controls_rival_and_how_to_know_more(run):
    out = run("--folds", 2, "--against", OTHER).out
    for part in (
        "per snippet",
        "per song",
        "mean",
        "95 % interval",
        "majority class",
        "SVM on statistics",
        "difference",
        "--split all",
    ):
        assert part in out


def test_the_support_vector_machine_hears_the_composed_genres(run):
    """Chance is .11; the world's genres are told apart by their sound."""
    assert run("--folds", 3, "--split", "song", "--json").json["controls"]["svm_statistics"]["song_precision_at_1"] > 0.5


def test_the_page_holds_the_confusion_with_class_names(run, workspace):
    run("--folds", 2)
    page = (workspace / "reports" / "report.html").read_text()
    assert "Confusion by song: genre" in page
    assert "<th>blues</th>" in page


@pytest.fixture
def songs(workspace):
    """The catalogue's songs; two of each artist."""
    from recsys.workspace import open_workspace

    with open_workspace(workspace).catalogue(readonly=True) as catalogue:
        return catalogue.tracks()


def fold_file(tmp_path, songs, fold_of):
    path = tmp_path / "folds.csv"
    path.write_text("track_id,fold\n" + "".join(f"{song.track_id},{fold_of(n, song)}\n" for n, song in enumerate(songs)))
    return path


def test_a_fold_file_says_what_is_held_out_and_warns_of_artists_on_both_sides(run, songs, tmp_path):
    ran = run("--fold-file", fold_file(tmp_path, songs, lambda n, _song: "abc"[n % 3]), "--json")
    assert ran.json["split"] == "file"
    assert [fold["fold"] for fold in ran.json["folds"]] == [0, 1, 2]
    assert ran.json["counts"]["songs"] == 45
    assert any("artists stand in several folds" in note for note in ran.json["notes"])
    assert "artists stand in several folds" in ran.err


def test_a_fold_file_that_keeps_artists_together_is_not_warned_of(run, songs, tmp_path):
    artists = sorted({song.artist for song in songs})
    table = run("--fold-file", fold_file(tmp_path, songs, lambda _n, song: artists.index(song.artist) % 3), "--json").json
    assert not any("Warning" in note for note in table["notes"])


def test_songs_that_a_fold_file_does_not_name_are_left_out_and_counted(run, songs, tmp_path):
    table = run("--fold-file", fold_file(tmp_path, songs[:40], lambda n, _song: n % 2), "--json").json
    assert table["counts"]["songs"] == 40
    assert table["counts"]["songs with the label that the fold file leaves out"] == 5


def test_of_lists_of_train_validation_and_test_the_test_list_is_tested(run, songs, tmp_path):
    lists = {"train_filtered": songs[:25], "valid_filtered": songs[25:30], "test_filtered": songs[30:]}
    options = []
    for name, some in lists.items():
        (tmp_path / f"{name}.txt").write_text("".join(f"{song.track_id}\n" for song in some))
        options += ["--fold-file", tmp_path / f"{name}.txt"]
    table = run(*options, "--json").json
    assert len(table["folds"]) == 1
    assert table["counts"]["songs"] == 15
    assert table["counts"]["songs with the label that the fold file leaves out"] == 5


@pytest.mark.parametrize("option", [("--split", "song"), ("--folds", 3)])
def test_a_fold_file_leaves_nothing_to_choose(recsys, trained, songs, tmp_path, option):
    path = fold_file(tmp_path, songs, lambda n, _song: n % 2)
    ran = recsys("-w", trained, "evaluate", "labels", "--label", "genre", "--fold-file", path, *option)
    assert ran.code == 1
    assert "the file says what is held out" in ran.err


def test_a_fold_file_of_another_set_is_refused(recsys, workspace, tmp_path):
    (tmp_path / "folds.csv").write_text("track_id,fold\nx,0\ny,1\n")
    ran = recsys("-w", workspace, "evaluate", "labels", "--label", "genre", "--fold-file", tmp_path / "folds.csv")
    assert ran.code == 1
    assert "none of the 2 songs" in ran.err


def test_an_empty_name_of_an_architecture_is_refused(recsys, workspace):
    for option in ("--architecture", "--against"):
        ran = recsys("-w", workspace, "evaluate", "labels", option, "")
        assert ran.code == 1
        assert "neither a preset" in ran.err
