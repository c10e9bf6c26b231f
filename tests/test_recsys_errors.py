"""What the user gets wrong: one clear line, the right exit code, nothing lost."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys

import numpy as np
import pytest
import soundfile as sf
from conftest import ROOT


def assert_one_line(ran, *words, code=1):
    """The command ended with `code` and one line that holds all words, and no traceback."""
    assert ran.code == code
    assert "Traceback" not in ran.err
    lines = [line for line in ran.err.splitlines() if line.startswith("recsys:")]
    assert len(lines) == 1
    for word in words:
        assert word in lines[0]


COMMANDS = [
    ("failed",),
    ("train-content",),
    ("embed",),
    ("train-hybrid",),
    ("recommend", "--user", "u"),
    ("similar", "x"),
    ("map",),
    ("compose", "--label", "x", "--out", "x.wav"),
    ("evaluate", "labels"),
    ("evaluate", "recommenders"),
    ("export", "embeddings", "--out", "x.parquet"),
    ("import-embeddings", "x.parquet"),
    ("import-embeddings", "--remove"),
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_missing_workspace_is_named(recsys, tmp_path, command):
    assert_one_line(recsys("-w", tmp_path / "none", *command), "no workspace", str(tmp_path / "none"), "scan")


@pytest.mark.parametrize("command", COMMANDS[1:], ids=" ".join)
def test_an_empty_workspace_says_what_to_run(recsys, tmp_path, command):
    recsys("-w", tmp_path / "w", "scan", tmp_path)
    ran = recsys("-w", tmp_path / "w", *command)
    assert ran.code == 1
    assert "recsys:" in ran.err
    assert "Traceback" not in ran.err


def test_a_folder_that_is_no_workspace_is_left_alone(recsys, world, tmp_path):
    (tmp_path / "mine.txt").write_text("precious")
    assert_one_line(recsys("-w", tmp_path, "scan", world), "not empty")
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_missing_folder_is_named(recsys, tmp_path):
    assert_one_line(recsys("-w", tmp_path / "w", "scan", tmp_path / "nowhere"), "nowhere")


def test_a_folder_without_audio_is_named(recsys, tmp_path):
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "readme.txt").write_text("hello")
    assert_one_line(recsys("-w", tmp_path / "w", "scan", tmp_path / "docs"), "docs", "no audio")


@pytest.fixture
def odd_folder(tmp_path):
    """Two good songs among files that are none."""
    folder = tmp_path / "odd"
    folder.mkdir()
    noise = (0.2 * np.random.default_rng(0).standard_normal((44100 * 8, 2))).astype(np.float32)
    sf.write(folder / "good one.mp3", noise, 44100, format="MP3")
    sf.write(folder / "good two.wav", noise[: 44100 * 2], 44100)
    whole = (folder / "good one.mp3").read_bytes()
    (folder / "truncated.mp3").write_bytes(whole[: len(whole) // 4])
    (folder / "empty.mp3").write_bytes(b"")
    (folder / "text.mp3").write_text("this is a shopping list, not music\n" * 40)
    sf.write(folder / "silence.wav", np.zeros(44100), 44100)
    return folder


def test_bad_files_go_to_the_ledger_and_good_ones_are_catalogued(recsys, odd_folder, tmp_path):
    ran = recsys("-w", tmp_path / "w", "scan", odd_folder, "--json")
    assert ran.code == 3
    assert (ran.json["new"], ran.json["failed"]) == (2, 4)
    ledger = {entry["path"].rsplit("/", 1)[1]: entry for entry in recsys("-w", tmp_path / "w", "failed", "--json").json}
    codes = {name: entry["code"] for name, entry in ledger.items()}
    assert codes == {"truncated.mp3": "truncated", "empty.mp3": "empty-file", "text.mp3": "not-audio", "silence.wav": "silent"}
    assert all(entry["reason"] and entry["hint"] for entry in ledger.values())


def test_failed_files_are_not_tried_again_until_they_change(recsys, odd_folder, tmp_path):
    recsys("-w", tmp_path / "w", "scan", odd_folder)
    again = recsys("-w", tmp_path / "w", "scan", odd_folder, "--json")
    assert (again.code, again.json["failed"], again.json["known_failures"]) == (0, 0, 4)
    (odd_folder / "empty.mp3").write_bytes((odd_folder / "good one.mp3").read_bytes())
    mended = recsys("-w", tmp_path / "w", "scan", odd_folder, "--json")
    assert (mended.code, mended.json["new"]) == (0, 1)


def test_an_unknown_label_lists_the_known_ones(recsys, trained):
    assert_one_line(recsys("-w", trained, "train-content", "--label", "colour"), "colour", "genre", "mood")
    assert_one_line(recsys("-w", trained, "evaluate", "labels", "--label", "colour"), "colour", "genre", "mood")
    assert_one_line(recsys("-w", trained, "map", "--label", "colour"), "colour", "genre")


@pytest.mark.parametrize("text", ["IC(5,15,64)LPX(1)O", "IC(5,15)LF(192)O", "resnet"])
def test_a_bad_architecture_is_shown(recsys, trained, text):
    assert_one_line(recsys("-w", trained, "train-content", "--architecture", text), text)


def test_an_unknown_engine_lists_the_known_ones(recsys, trained):
    assert_one_line(recsys("-w", trained, "train-hybrid", "--engine", "magic"), "magic", "lightfm", "als")


def test_an_unknown_song_is_named(recsys, trained):
    assert_one_line(recsys("-w", trained, "similar", "no-such-song"), "no-such-song", "Artist - Title")
    assert_one_line(recsys("-w", trained, "recommend", "--like", "no-such-song"), "no-such-song", "Artist - Title")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ("empty",)),
        ("user_id,track_id,plays\n", ("no rows",)),
        ("a,b,c\n1,2,3\n", ("no known format",)),
        ("user_id,track_id,plays\nu,t,many\nu,t\n", ("none of its rows",)),
    ],
)
def test_a_history_that_cannot_be_read_is_named(recsys, workspace, tmp_path, text, words):
    (tmp_path / "history.csv").write_text(text)
    assert_one_line(recsys("-w", workspace, "import-listens", tmp_path / "history.csv"), "history.csv", *words)


def test_malformed_rows_are_counted_and_the_others_imported(recsys, workspace, tmp_path):
    (tmp_path / "history.csv").write_text("user_id,track_id,plays\nu1,t1,5\nu1,t2,many\nu1\nu2,t1,-1\nu2,t2,nan\nu2,t3,7\n")
    ran = recsys("-w", workspace, "import-listens", tmp_path / "history.csv", "--json")
    assert ran.code == 3
    (result,) = ran.json["files"]
    assert (result["rows"], result["bad_rows"]) == (6, 4)
    assert sum(reason["rows"] for reason in result["rejected"]) == 4
    assert {reason["first_line"] for reason in result["rejected"]} == {3, 4, 5, 6}


def test_without_embeddings_the_hybrid_says_what_to_run(recsys, world, tmp_path):
    for command in (("scan", world), ("import-listens", world / "listens.csv")):
        recsys("-w", tmp_path / "w", *command)
    assert_one_line(recsys("-w", tmp_path / "w", "train-hybrid"), "needs embeddings or metadata", "recsys embed", "als-cf")
    assert_one_line(recsys("-w", tmp_path / "w", "train-hybrid", "--engine", "als"), "needs embeddings", "recsys embed")
    assert_one_line(recsys("-w", tmp_path / "w", "train-hybrid", "--engine", "features"), "needs metadata", "--metadata")
    assert_one_line(recsys("-w", tmp_path / "w", "train-hybrid", "--metadata", "shoe size"), "'shoe size'", "artist", "genre")
    assert recsys("-w", tmp_path / "w", "train-hybrid", "--metadata", "artist", "--metadata", "genre").code == 0
    assert recsys("-w", tmp_path / "w", "train-hybrid", "--engine", "als-cf").code == 0


def test_a_catalogue_too_large_for_ease_is_told_so(recsys, workspace, monkeypatch):
    monkeypatch.setattr("collab.ease.MOST_CELLS", 10)
    assert_one_line(recsys("-w", workspace, "train-hybrid", "--engine", "ease"), "too many", "als")
    assert recsys("-w", workspace, "train-hybrid").code == 0


def test_a_model_of_an_older_program_asks_for_training(recsys, workspace):
    meta = json.loads((workspace / "models" / "hybrid" / "serving.json").read_text())
    (workspace / "models" / "hybrid" / "serving.json").write_text(json.dumps(meta | {"schema": 1}))
    assert_one_line(recsys("-w", workspace, "recommend", "--user", "x"), "schema 1", "recsys train-hybrid")
    assert recsys("-w", workspace, "train-hybrid", "--json").json["trained"]


@pytest.mark.parametrize("explore", ["-1", "1.1", "nan"])
def test_exploring_beyond_its_bounds_is_one_line(recsys, trained, tmp_path, explore):
    assert_one_line(recsys("-w", trained, "recommend", "--explore", explore), "explore", "[0, 1]")
    (tmp_path / "users.txt").write_text("u\n")
    many = ("--users-file", tmp_path / "users.txt", "--out", tmp_path / "o.parquet", "--explore", explore)
    assert_one_line(recsys("-w", trained, "recommend", *many), "explore", "[0, 1]")


def test_an_unknown_liked_song_is_named(recsys, trained):
    assert_one_line(recsys("-w", trained, "recommend", "--like", "no such song"), "no such song")


ODD_LISTENS = {
    "one user": [("u", 0, 3), ("u", 1, 2)],
    "one user and one song": [("u", 0, 3)],
    "one song": [("a", 0, 1), ("b", 0, 2), ("c", 0, 1)],
    "rows twice": [("a", 0, 1), ("a", 0, 1), ("b", 0, 2), ("b", 1, 2)],
    "all songs heard": [(user, song, 1) for user in ("a", "b") for song in range(45)],
}


@pytest.mark.parametrize("case", ODD_LISTENS)
def test_odd_listens_train_and_answer(recsys, workspace, world, tmp_path, case):
    songs = [line.split(",")[0] for line in (world / "tracks.csv").read_text().splitlines()[1:]]
    shutil.rmtree(workspace / "listens")
    rows = "".join(f"{user},{songs[song]},{plays}\n" for user, song, plays in ODD_LISTENS[case])
    (tmp_path / "odd.csv").write_text("user_id,track_id,plays\n" + rows)
    assert recsys("-w", workspace, "import-listens", tmp_path / "odd.csv").code == 0
    assert recsys("-w", workspace, "train-hybrid").code == 0
    user = ODD_LISTENS[case][0][0]
    ran = recsys("-w", workspace, "recommend", "--user", user, "--json")
    if case == "all songs heard":
        assert_one_line(ran, "has heard all 45 songs")
    else:
        assert ran.code == 0
        assert len(ran.json["items"]) == 10
    assert recsys("-w", workspace, "recommend", "--user", "somebody else", "--like", songs[3], "--json").code == 0


def test_no_listens_says_what_to_import(recsys, world, tmp_path):
    recsys("-w", tmp_path / "w", "scan", world)
    assert_one_line(recsys("-w", tmp_path / "w", "train-hybrid"), "no listens", "import-listens")


def test_listens_of_other_songs_only_are_explained(recsys, world, tmp_path):
    recsys("-w", tmp_path / "w", "scan", world)
    (tmp_path / "other.csv").write_text("user_id,track_id,plays\nu,elsewhere,3\n")
    assert recsys("-w", tmp_path / "w", "import-listens", tmp_path / "other.csv").code == 0
    assert_one_line(recsys("-w", tmp_path / "w", "train-hybrid"), "none of the imported listens")


def test_a_second_writer_is_told_to_wait_and_readers_go_on(recsys, workspace):
    from recsys.workspace import open_workspace

    with open_workspace(workspace).writing():
        assert_one_line(recsys("-w", workspace, "train-hybrid"), "another command is writing")
        assert recsys("-w", workspace, "recommend", "--user", "x", "--json").code == 0


def test_a_workspace_of_another_schema_is_refused_with_a_sentence(recsys, workspace):
    (workspace / "workspace.json").write_text('{"schema": 99, "kind": "recsys-workspace"}')
    assert_one_line(recsys("-w", workspace, "failed"), "schema 99")


@pytest.mark.parametrize(
    "args",
    [
        ("recommend", "-k", "0"),
        ("recommend", "--users-file", "users.txt"),
        ("train-content", "--device", "abacus"),
        ("evaluate", "labels", "--split", "album"),
        ("nonsense",),
        ("train-hybrid", "--seed", 2**32),
        ("train-content", "--workers", 10**6),
    ],
)
def test_wrong_usage_exits_with_2(recsys, trained, args):
    assert recsys("-w", trained, *args).code == 2


def test_damaged_artefacts_are_named_and_the_step_that_makes_them_mends_them(recsys, workspace):
    train = ("-w", workspace, "train-content", "--from", "scratch", "--label", "genre", "--epochs", 2, "--workers", 1)
    (vectors,) = (workspace / "embeddings").glob("*.npy")
    vectors.write_bytes(b"rubbish")
    assert_one_line(recsys("-w", workspace, "map"), "embeddings")
    assert recsys("-w", workspace, "embed").code == 0
    assert recsys("-w", workspace, "map").code == 0

    (workspace / "models" / "encoder" / "model.safetensors").write_bytes(b"rubbish")
    assert_one_line(recsys("-w", workspace, "embed"), "model.safetensors")
    assert recsys(*train).code == 0
    assert recsys("-w", workspace, "embed").code == 0

    (workspace / "models" / "hybrid" / "serving.json").write_text("{")
    assert_one_line(recsys("-w", workspace, "recommend", "--user", "x"), "serving.json")
    assert recsys("-w", workspace, "train-hybrid").code == 0
    assert recsys("-w", workspace, "recommend", "--user", "x").code == 0


def test_a_damaged_catalogue_is_named(recsys, workspace):
    (workspace / "catalogue.sqlite").write_bytes(b"rubbish" * 100)
    assert_one_line(recsys("-w", workspace, "recommend", "--user", "x"), "catalogue")


def test_a_damaged_image_is_computed_again(recsys, workspace):
    image = next((workspace / "hyper-images").glob("*/*/*.npy"))
    image.write_bytes(b"")
    assert (
        recsys("-w", workspace, "train-content", "--from", "scratch", "--label", "mood", "--epochs", 1, "--workers", 1).code == 0
    )
    assert image.stat().st_size > 1000


def test_names_with_brackets_are_no_markup(recsys, trained):
    assert recsys("-w", trained, "recommend", "--user", "[/b]").code == 0


def test_a_path_that_cannot_be_written_is_named(recsys, trained, tmp_path):
    for out in (tmp_path, tmp_path / ("x" * 300 + ".npy")):
        ran = recsys("-w", trained, "export", "embeddings", "--out", out if out.suffix else f"{out}/")
        assert ran.code == 1
        assert "Traceback" not in ran.err
    assert recsys("-w", tmp_path / ("y" * 300), "failed").code == 1


def test_a_learning_rate_that_is_no_number_is_refused(recsys, trained):
    assert_one_line(recsys("-w", trained, "train-content", "--learning-rate", "inf"), "learning_rate")


def test_an_absurd_network_is_refused_before_it_is_built(recsys, trained):
    assert_one_line(recsys("-w", trained, "train-content", "--architecture", "IC(1,9999,64)F(192)O"), "parameters")


def test_too_many_folds_are_refused_before_anything_is_trained(recsys, trained):
    assert_one_line(recsys("-w", trained, "evaluate", "labels", "--label", "mood", "--folds", 40), "folds=40")


def test_a_first_command_that_was_killed_does_not_block_the_next(recsys, world, tmp_path):
    (tmp_path / "w").mkdir()
    (tmp_path / "w" / "catalogue.sqlite").touch()
    (tmp_path / "w" / "lock").touch()
    assert recsys("-w", tmp_path / "w", "scan", world).code == 0


def test_a_history_that_does_not_exist_is_named_before_any_is_read(recsys, workspace, tmp_path):
    (tmp_path / "good.csv").write_text("user_id,track_id,plays\nu,t,1\n")
    assert_one_line(recsys("-w", workspace, "import-listens", tmp_path / "good.csv", tmp_path / "nope.csv"), "nope.csv")
    again = recsys("-w", workspace, "import-listens", tmp_path / "good.csv", "--json").json
    assert not again["files"][0]["unchanged"]


def test_a_line_break_inside_quotes_makes_no_phantom_user(recsys, workspace, tmp_path):
    (tmp_path / "odd.csv").write_text('user_id,track_id,plays\nu,t,1\n"new\nline",t,1\n')
    result = recsys("-w", workspace, "import-listens", tmp_path / "odd.csv", "--json").json["files"][0]
    assert (result["rows"], result["bad_rows"]) == (3, 2)


def test_an_empty_user_is_wrong_usage(recsys, trained):
    assert recsys("-w", trained, "recommend", "--user", "").code == 2


def test_a_picture_must_be_called_one(recsys, trained, tmp_path):
    assert_one_line(recsys("-w", trained, "show", "x", "--png", tmp_path / "p.txt"), ".png")


def test_too_few_listens_are_noticed_before_any_network_is_trained(recsys, workspace, tmp_path, world):
    song = (world / "tracks.csv").read_text().splitlines()[1].split(",")[0]
    (tmp_path / "one.csv").write_text(f"user_id,track_id\nu,{song}\n")
    shutil.rmtree(workspace / "listens")
    recsys("-w", workspace, "import-listens", tmp_path / "one.csv")
    assert_one_line(recsys("-w", workspace, "evaluate", "recommenders", "--folds", 2), "too few listens")
    assert not (workspace / "models" / "folds").exists()


def test_a_closed_stdout_is_no_error(trained):
    command = f"exec {sys.executable} -m recsys -w {trained} recommend --json >&-"
    ran = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False, cwd=ROOT)
    assert (ran.returncode, "Traceback" in ran.stderr) == (0, False)
