"""The commands on a small composed world: what each answers, and that a second run does only what is new."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys

import numpy as np
import pyarrow.parquet as pq
import pytest
import soundfile as sf


def test_scan_counts_songs_and_a_second_scan_finds_nothing_new(recsys, world, tmp_path):
    first = recsys("-w", tmp_path / "w", "scan", world, "--json")
    assert first.code == 0
    assert (first.json["songs"], first.json["new"]) == (45, 45)
    again = recsys("-w", tmp_path / "w", "scan", world, "--json").json
    assert (again["new"], again["unchanged"]) == (0, 45)


def test_a_dry_run_writes_nothing(recsys, world, tmp_path):
    ran = recsys("-w", tmp_path / "w", "scan", world, "--dry-run", "--json")
    assert ran.json["new"] == 45
    assert not (tmp_path / "w").exists()


def test_listens_may_come_before_the_songs(recsys, world, tmp_path):
    early = recsys("-w", tmp_path / "w", "import-listens", world / "listens.csv", "--json").json
    assert early["counts"]["rows of unknown songs (kept for later)"] == early["counts"]["rows stored"] > 0
    recsys("-w", tmp_path / "w", "scan", world)
    late = recsys("-w", tmp_path / "w", "import-listens", world / "listens.csv", "--json").json
    assert late["files"][0]["unchanged"]
    assert late["counts"]["rows of unknown songs (kept for later)"] == 0


def test_training_again_does_nothing(recsys, workspace):
    again = recsys(
        "-w", workspace, "train-content", "--from", "scratch", "--label", "genre", "--epochs", 2, "--workers", 1, "--json"
    ).json
    assert (again["trained"], again["embedded"]) == (False, 0)
    assert not recsys("-w", workspace, "train-hybrid", "--json").json["trained"]


def test_training_anew_with_one_seed_gives_the_same_bytes(recsys, workspace):
    before = (workspace / "embeddings" / "embeddings.parquet").read_bytes()
    for name in ("models", "embeddings"):
        shutil.rmtree(workspace / name)
    recsys("-w", workspace, "train-content", "--from", "scratch", "--label", "genre", "--epochs", 2, "--workers", 1)
    assert (workspace / "embeddings" / "embeddings.parquet").read_bytes() == before


def test_every_song_has_192_finite_numbers(workspace):
    table = pq.read_table(workspace / "embeddings" / "embeddings.parquet")
    assert table.column_names == ["track_id", "embedding"]
    vectors = np.array(table["embedding"].to_pylist())
    assert vectors.shape == (45, 192)
    assert np.isfinite(vectors).all()


def test_a_song_added_later_is_embedded_alone_and_old_vectors_stay(recsys, workspace, tmp_path):
    before = pq.read_table(workspace / "embeddings" / "embeddings.parquet").to_pydict()
    folder = tmp_path / "more"
    folder.mkdir()
    sf.write(folder / "Someone - New Song.wav", 0.1 * np.random.default_rng(0).standard_normal(3 * 22050), 22050)
    assert recsys("-w", workspace, "scan", folder, "--json").json["new"] == 1
    assert recsys("-w", workspace, "embed", "--json").json["embedded"] == 1
    after = pq.read_table(workspace / "embeddings" / "embeddings.parquet").to_pydict()
    vectors = dict(zip(after["track_id"], after["embedding"], strict=True))
    assert len(vectors) == 46
    assert all(vectors[track] == vector for track, vector in zip(before["track_id"], before["embedding"], strict=True))


def most_active(world):
    users = [line.split(",")[0] for line in (world / "listens.csv").read_text().splitlines()[1:]]
    return max(sorted(set(users)), key=users.count)


def test_a_known_user_gets_unheard_songs_with_source_and_reason(recsys, trained, world):
    user = most_active(world)
    answer = recsys("-w", trained, "recommend", "--user", user, "-k", 5, "--json").json
    assert set(answer) >= {"user", "known_user", "model_version", "items"}
    assert answer["known_user"]
    assert [item["rank"] for item in answer["items"]] == [1, 2, 3, 4, 5]
    heard = {line.split(",")[1] for line in (world / "listens.csv").read_text().splitlines() if line.startswith(f"{user},")}
    for item in answer["items"]:
        assert {"rank", "track_id", "artist", "title", "score", "source", "reason", "cold", "tags", "path"} <= set(item)
        assert item["track_id"] not in heard
        assert item["source"] in ("hybrid", "hybrid-content")
        assert item["reason"]


def test_an_unknown_user_gets_the_fallback_and_is_told(recsys, trained):
    ran = recsys("-w", trained, "recommend", "--user", "nobody", "--json")
    assert ran.code == 0
    assert not ran.json["known_user"]
    assert {item["source"] for item in ran.json["items"]} == {"popular"}
    assert "unknown" in ran.err


def test_likes_are_the_taste_of_an_unknown_user(recsys, trained, world):
    song = (world / "tracks.csv").read_text().splitlines()[1].split(",")[0]
    items = recsys("-w", trained, "recommend", "--like", song, "--json").json["items"]
    assert {item["source"] for item in items} <= {"hybrid-likes", "hybrid-content"}
    assert song not in {item["track_id"] for item in items}


def test_plays_since_training_are_not_recommended_and_make_a_new_user_known(recsys, workspace, world, tmp_path):
    tracks = [line.split(",")[0] for line in (world / "tracks.csv").read_text().splitlines()[1:]]
    (tmp_path / "today.csv").write_text("user_id,track_id,plays\n" + "".join(f"newcomer,{track},3\n" for track in tracks[:3]))
    recsys("-w", workspace, "import-listens", tmp_path / "today.csv")
    answer = recsys("-w", workspace, "recommend", "--user", "newcomer", "-k", 42, "--json").json
    assert answer["items"][0]["source"] in ("hybrid-likes", "hybrid-content")
    assert any("played since it was trained" in note for note in answer["notes"])
    assert not set(tracks[:3]) & {item["track_id"] for item in answer["items"]}
    assert any("train-hybrid" in note for note in answer["notes"])


def test_plays_since_training_change_the_list_of_a_known_user(recsys, workspace, world, tmp_path):
    user = most_active(world)
    before = recsys("-w", workspace, "recommend", "--user", user, "-k", 5, "--json").json["items"]
    unheard = [item["track_id"] for item in before[3:]]
    (tmp_path / "today.csv").write_text("user_id,track_id,plays\n" + "".join(f"{user},{track},200\n" for track in unheard))
    recsys("-w", workspace, "import-listens", tmp_path / "today.csv")
    after = recsys("-w", workspace, "recommend", "--user", user, "-k", 5, "--json").json
    assert after["known_user"]
    assert not set(unheard) & {item["track_id"] for item in after["items"]}
    assert {item["source"] for item in after["items"]} <= {"hybrid", "hybrid-content"}
    reasons = " ".join(item["reason"] for item in after["items"])
    assert "200 times" in reasons


def test_more_plays_of_songs_heard_before_count_as_newer(workspace, world, tmp_path):
    from recsys.steps.current import current_model
    from recsys.steps.listens import import_listens
    from recsys.workspace import open_workspace

    user = most_active(world)
    track = next(line.split(",")[1] for line in (world / "listens.csv").read_text().splitlines() if line.startswith(f"{user},"))
    (tmp_path / "today.csv").write_text(f"user_id,track_id,plays\n{user},{track},7\n")
    import_listens(workspace, [tmp_path / "today.csv"])
    opened = open_workspace(workspace)
    with opened.catalogue(readonly=True) as catalogue:
        current = current_model(opened, catalogue, [user])
    newer = current.newer[user]
    assert [current.serving.tracks.ids[t] for t in newer.tracks] == [track]
    np.testing.assert_allclose(newer.plays, [7], rtol=1e-4)


def test_exploring_gives_less_popular_songs(recsys, trained, world):
    from recsys.steps.recommend import recommend

    users = sorted({line.split(",")[0] for line in (world / "listens.csv").read_text().splitlines()[1:]})[:20]
    lines = (world / "listens.csv").read_text().splitlines()[1:]
    played = [line.split(",")[1] for line in lines]

    def listeners(explore):
        found = [item["track_id"] for user in users for item in recommend(trained, user=user, k=5, explore=explore)["items"]]
        return np.mean([played.count(track) for track in found])

    assert listeners(1.0) < listeners(0.0)
    ran = recsys("-w", trained, "recommend", "--user", users[0], "--explore", 0.5, "--json")
    assert ran.code == 0


def test_the_choice_of_the_hybrid_is_told(recsys, workspace):
    result = recsys("-w", workspace, "train-hybrid", "--json").json
    assert result["engine"] == "hybrid"
    assert set(result["choice"]) >= {"weights", "bridges", "trust", "boost", "why", "validated"}
    assert set(result["choice"]["weights"]) == {"songs with listens", "songs without"}
    told = recsys("-w", workspace, "train-hybrid").out
    assert "Picked " in told
    assert "%" in told


def test_metadata_is_part_of_what_the_hybrid_is_made_from(recsys, workspace):
    first = recsys("-w", workspace, "train-hybrid", "--metadata", "genre", "--metadata", "artist", "--json").json
    again = recsys("-w", workspace, "train-hybrid", "--metadata", "genre", "--metadata", "artist", "--json").json
    assert (first["trained"], again["trained"]) == (True, False)
    assert recsys("-w", workspace, "train-hybrid", "--json").json["trained"]


@pytest.mark.parametrize("engine", ["als", "ease", "bpr", "lightfm-cf", "ease-cf", "content-ridge", "features", "popularity"])
def test_every_kind_of_engine_is_trained_and_answers(recsys, workspace, world, engine):
    metadata = ["--metadata", "genre"] if engine == "features" else []
    assert recsys("-w", workspace, "train-hybrid", "--engine", engine, *metadata, "--json").json["choice"] is None
    items = recsys("-w", workspace, "recommend", "--user", most_active(world), "-k", 5, "--json").json["items"]
    assert len(items) == 5
    assert all(item["reason"] for item in items)


def test_a_song_embedded_since_training_can_be_recommended(recsys, workspace, world, tmp_path):
    folder = tmp_path / "more"
    folder.mkdir()
    sf.write(folder / "Someone - New Song.wav", 0.1 * np.random.default_rng(0).standard_normal(3 * 22050), 22050)
    recsys("-w", workspace, "scan", folder)
    waits = recsys("-w", workspace, "recommend", "--user", most_active(world))
    assert "songs that are not in it: 1, `recsys embed` brings them in" in waits.err
    recsys("-w", workspace, "embed")
    ran = recsys("-w", workspace, "recommend", "--user", most_active(world), "-k", 100, "--json")
    assert "not in it" not in ran.err
    items = ran.json["items"]
    (new,) = [item for item in items if item["title"] == "New Song"]
    assert new["cold"]
    assert new["source"] == "hybrid-content"


@pytest.fixture
def day_zero(recsys, workspace, world, tmp_path):
    """A workspace with embeddings and no listens at all."""
    shutil.rmtree(workspace / "listens")
    shutil.rmtree(workspace / "models" / "hybrid")
    return workspace


def test_without_any_listens_likes_are_answered_by_sound(recsys, day_zero, world):
    song = (world / "tracks.csv").read_text().splitlines()[1].split(",")[0]
    ran = recsys("-w", day_zero, "recommend", "--like", song, "-k", 5, "--json")
    assert [item["source"] for item in ran.json["items"]] == ["content-likes"] * 5
    assert "no listens yet" in ran.err


def test_without_any_listens_and_likes_the_answer_is_spread_over_the_catalogue(recsys, day_zero):
    items = recsys("-w", day_zero, "recommend", "-k", 6, "--json").json["items"]
    assert {item["source"] for item in items} == {"catalogue-diverse"}
    assert len({item["artist"] for item in items}) == 6


def test_songs_that_left_the_catalogue_are_not_recommended(recsys, workspace, world):
    from recsys.workspace import open_workspace

    before = recsys("-w", workspace, "recommend", "--user", most_active(world), "-k", 3, "--json").json["items"]
    with open_workspace(workspace).catalogue() as catalogue:
        catalogue.remove(before[0]["track_id"])
    after = recsys("-w", workspace, "recommend", "--user", most_active(world), "-k", 2, "--json").json
    assert [item["track_id"] for item in after["items"]] == [item["track_id"] for item in before[1:]]
    assert any("train-hybrid" in note for note in after["notes"])


def test_new_embeddings_make_the_model_stale_and_say_so(recsys, workspace):
    recsys("-w", workspace, "train-content", "--from", "scratch", "--label", "mood", "--epochs", 1, "--workers", 1)
    ran = recsys("-w", workspace, "recommend", "--user", "nobody", "--json")
    assert any("embeddings have changed" in note for note in ran.json["notes"])
    assert recsys("-w", workspace, "train-hybrid", "--json").json["trained"]


def test_a_song_embedded_only_after_the_hybrid_is_placed_by_its_sound(recsys, workspace, world, tmp_path):
    """scan, train-hybrid, embed: the model knows the song's id but not its sound."""
    folder = tmp_path / "more"
    folder.mkdir()
    sf.write(folder / "Someone - New Song.wav", 0.1 * np.random.default_rng(0).standard_normal(3 * 22050), 22050)
    recsys("-w", workspace, "scan", folder)
    recsys("-w", workspace, "train-hybrid")
    recsys("-w", workspace, "embed")
    items = recsys("-w", workspace, "recommend", "--user", most_active(world), "-k", 100, "--json").json["items"]
    (new,) = [item for item in items if item["title"] == "New Song"]
    assert new["source"] == "hybrid-content"


def test_many_users_go_to_parquet(recsys, trained, world, tmp_path):
    (tmp_path / "users.txt").write_text(f"{most_active(world)}\nnobody\n")
    assert (
        recsys("-w", trained, "recommend", "--users-file", tmp_path / "users.txt", "--out", tmp_path / "o.parquet", "-k", 4).code
        == 0
    )
    table = pq.read_table(tmp_path / "o.parquet").to_pydict()
    assert table["user_id"] == [most_active(world)] * 4 + ["nobody"] * 4
    again = recsys("-w", trained, "recommend", "--users-file", tmp_path / "users.txt", "--out", tmp_path / "o.parquet", "--json")
    assert (again.json["users"], again.json["unknown_users"]) == (2, 1)


def test_similar_songs_lie_in_the_unit_interval_and_leave_out_the_seed(recsys, trained, world):
    song = (world / "tracks.csv").read_text().splitlines()[1].split(",")[0]
    items = recsys("-w", trained, "similar", song, "-k", 44, "--json").json["items"]
    values = [item["similarity"] for item in items]
    assert len(items) == 44
    assert song not in {item["track_id"] for item in items}
    assert values == sorted(values, reverse=True)
    assert min(values) >= 0
    assert max(values) <= 1


def test_the_map_is_a_page_and_a_picture(recsys, workspace):
    answer = recsys("-w", workspace, "map", "--label", "mood", "--json").json
    assert (workspace / "reports" / "map.png").read_bytes().startswith(b"\x89PNG")
    assert "http" not in (workspace / "reports" / "map.html").read_text().replace("http-equiv", "")
    assert 0 < sum(answer["explained"]) <= 1


def test_a_song_can_be_shown(recsys, trained, world, tmp_path):
    song = (world / "tracks.csv").read_text().splitlines()[1].split(",")[0]
    assert recsys("-w", trained, "show", song, "--png", tmp_path / "song.png").code == 0
    assert (tmp_path / "song.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("suffix", ["parquet", "npy"])
def test_embeddings_can_be_exported(recsys, trained, tmp_path, suffix):
    assert recsys("-w", trained, "export", "embeddings", "--out", tmp_path / f"songs.{suffix}", "--json").json["songs"] == 45
    if suffix == "npy":
        assert np.load(tmp_path / "songs.npy").shape == (45, 192)
        assert len((tmp_path / "songs.csv").read_text().splitlines()) == 46


def test_labels_are_cross_validated_and_finished_folds_are_kept(recsys, workspace):
    args = (
        "-w",
        workspace,
        "evaluate",
        "labels",
        "--label",
        "mood",
        "--split",
        "artist",
        "--folds",
        2,
        "--epochs",
        1,
        "--workers",
        1,
    )
    table = recsys(*args, "--json").json
    assert set(table) >= {"label", "split", "architecture", "folds", "mean", "controls"}
    assert (table["label"], table["split"]) == ("mood", "artist")
    assert table["architecture"] == "IC(5,15,64)LPC(1,5,64)LPF(384)F(192)O"
    assert [set(fold) >= {"fold", "loss", "precision_at_1", "precision_at_3", "macro_f1"} for fold in table["folds"]] == [
        True,
        True,
    ]
    assert set(table["controls"]) == {"majority", "shuffled_labels", "svm_statistics"}
    stamps = {path: path.stat().st_mtime_ns for path in workspace.glob("models/folds/*/*.npz")}
    recsys(*args)
    assert {path: path.stat().st_mtime_ns for path in workspace.glob("models/folds/*/*.npz")} == stamps
    assert "composed" in (workspace / "reports" / "report.html").read_text()


def test_snippet_and_song_splits_run(recsys, workspace):
    for split in ("snippet", "song"):
        ran = recsys(
            "-w", workspace, "evaluate", "labels", "--label", "mood", "--split", split, "--folds", 2, "--epochs", 1, "--json"
        )
        assert len(ran.json["folds"]) == 2


def test_recommenders_are_compared_on_all_splits_that_the_data_allow(recsys, workspace):
    result = recsys("-w", workspace, "evaluate", "recommenders", "--folds", 2, "--seeds", 1, "--json").json
    row = result["rows"][0]
    assert set(row) == {"model", "split", "slice", "metric", "k", "value", "low", "high", "n_users", "n_candidates"}
    assert {row["split"] for row in result["rows"]} == {"warm", "temporal", "cold", "cold-user"}
    models = {row["model"] for row in result["rows"]}
    assert {"random", "popularity", "content", "lightfm", "lightfm-cf", "lightfm-shuffled", "als"} <= models
    assert json.loads((workspace / "reports" / "recommenders.json").read_text())["rows"] == result["rows"]
    assert {path.name for path in (workspace / "splits").glob("*.npz")} == {
        *("cold-fold-0.npz", "cold-fold-1.npz", "warm-seed-0.npz", "temporal-seed-0.npz", "cold-user-seed-0.npz")
    }


def test_answers_need_neither_torch_nor_lightfm_nor_pandas(trained):
    code = (
        "import sys; from recsys.steps.recommend import recommend; from pathlib import Path\n"
        f"assert recommend(Path({str(trained)!r}), user='x')['items']\n"
        "heavy = {'torch', 'lightfm', 'pandas', 'pyarrow', 'scipy', 'librosa', 'matplotlib'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
