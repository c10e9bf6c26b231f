"""What is told of predicted tags: of a song, of a file, of the library; in reasons, neighbours, the map and a table."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from scanning import song

from content.pretrained import pretrained_encoder
from data.predicted_tags import read_predicted_tags, store_predicted_tags
from recsys.steps import tags as step
from recsys.workspace import open_workspace

NAMES = ("rock", "jazz", "instrumental")


@pytest.fixture
def first(world: Path) -> list[str]:
    """Ids of the world's songs, in order."""
    return sorted(line.split(",")[0] for line in (world / "tracks.csv").read_text().splitlines()[1:])


@pytest.fixture
def told(workspace: Path, first: list[str]) -> Path:
    """The trained workspace with tags that a test can know: six jazz songs, three of them instrumental, then rock."""
    with open_workspace(workspace).catalogue() as catalogue:
        tracks = catalogue.tracks()
        assert [track.track_id for track in tracks] == first
        rows = {track.content_hash: np.float32([0.5, 0.0, 0.0]) for track in tracks[6:]}
        rows |= {track.content_hash: np.float32([0.1, 0.9 - 0.01 * i, 0.8 * (i < 3)]) for i, track in enumerate(tracks[:6])}
        store_predicted_tags(catalogue, "known", NAMES, rows)
    return workspace


def test_a_song_has_its_likeliest_tags_first_and_how_unusual_they_are(recsys, told, first):
    answer = recsys("-w", told, "tags", first[0], "--json").json
    assert (answer["track_id"], answer["encoder"], answer["songs"]) == (first[0], "known", 45)
    assert [row["tag"] for row in answer["tags"]] == ["jazz", "instrumental", "rock"]
    jazz, _, rock = answer["tags"]
    assert (jazz["probability"], jazz["higher_than"], jazz["stands_out"]) == (0.9, 1.0, True)
    assert jazz["lift"] == pytest.approx(0.9 / (sum(0.9 - 0.01 * i for i in range(6)) / 45), abs=1e-3)
    assert (rock["higher_than"], rock["stands_out"]) == (0.0, False)
    fourth = recsys("-w", told, "tags", first[3], "-k", 1, "--json").json
    assert [row["tag"] for row in fourth["tags"]] == ["jazz"]
    assert fourth["tags"][0]["higher_than"] == pytest.approx(41 / 44, abs=1e-4)


def test_the_table_says_that_tags_are_predicted(recsys, told, first):
    ran = recsys("-w", told, "tags", first[0])
    assert "Predicted tags of" in ran.out
    assert "stands out" in ran.out
    assert "Predicted tags of 45 songs" in recsys("-w", told, "tags").out


def test_the_librarys_tags_are_counted_with_an_example(recsys, told, first):
    answer = recsys("-w", told, "tags", "--json").json
    assert (answer["songs"], answer["without"]) == (45, 0)
    rows = {row["tag"]: row for row in answer["tags"]}
    assert [row["tag"] for row in answer["tags"]] == ["jazz", "instrumental", "rock"]
    assert (rows["jazz"]["songs"], rows["jazz"]["strongest"]) == (6, 3)
    assert (rows["instrumental"]["songs"], rows["instrumental"]["strongest"]) == (3, 3)
    assert rows["jazz"]["example"]["track_id"] == first[0]
    assert rows["jazz"]["example"]["probability"] == 0.9
    assert (rows["rock"]["songs"], rows["rock"]["example"]) == (0, None)  # half of all is no distinction here
    assert len(recsys("-w", told, "tags", "-k", 1, "--json").json["tags"]) == 1


def test_songs_without_tags_are_counted_and_told(recsys, told, first, tmp_path):
    song(tmp_path / "more" / "new.wav", seconds=2.0)
    recsys("-w", told, "scan", tmp_path / "more")
    ran = recsys("-w", told, "tags", "--json")
    assert ran.json["without"] == 1
    assert "1 without predicted tags" in recsys("-w", told, "tags").err
    untagged = recsys("-w", told, "tags", "new.wav")
    assert (untagged.code, untagged.err.count("\n")) == (1, 1)
    assert "recsys embed" in untagged.err


def test_a_song_alone_is_compared_with_nothing(tmp_path):
    song(tmp_path / "songs" / "a.wav", seconds=2.0)
    from recsys.steps import content, library

    library.scan(tmp_path / "w", [tmp_path / "songs"])
    pretrained_encoder().save(open_workspace(tmp_path / "w").encoder)
    content.embed(tmp_path / "w", workers=1)
    answer = step.song_tags(tmp_path / "w", "a.wav", k=2)
    assert answer["songs"] == 0
    assert [(row["lift"], row["higher_than"], row["stands_out"]) for row in answer["tags"]] == [(None, None, None)] * 2


def test_a_file_outside_of_any_workspace_has_tags_too(recsys, tmp_path):
    path = song(tmp_path / "a.wav", seconds=2.0)
    ran = recsys("-w", tmp_path / "none", "tags", path, "--json")
    assert ran.code == 0, ran.err
    assert (ran.json["track_id"], ran.json["name"], ran.json["songs"]) == (None, "a.wav", 0)
    assert len(ran.json["tags"]) == 10
    probabilities = [row["probability"] for row in ran.json["tags"]]
    assert probabilities == sorted(probabilities, reverse=True)
    assert {row["tag"] for row in ran.json["tags"]} <= set(pretrained_encoder().classes)
    assert not (tmp_path / "none").exists()
    assert "Predicted tags of a.wav" in recsys("-w", tmp_path / "none", "tags", path).out


def test_a_file_is_heard_as_the_library_hears_it_and_compared_with_it(recsys, trained, world, first):
    path = next(line.split(",")[1] for line in (world / "tracks.csv").read_text().splitlines() if line.startswith(first[0] + ","))
    known = recsys("-w", trained, "tags", first[0], "-k", 50, "--json").json
    heard = recsys("-w", trained, "tags", world / path, "-k", 50, "--json").json
    assert heard["songs"] == 45
    of = {row["tag"]: row for row in known["tags"]}
    for row in heard["tags"]:
        assert row["probability"] == pytest.approx(of[row["tag"]]["probability"], abs=1e-5)
        assert row["lift"] == pytest.approx(of[row["tag"]]["lift"], abs=2e-3)
        assert row["higher_than"] == pytest.approx(of[row["tag"]]["higher_than"], abs=1e-3)  # not compared with itself


def test_tags_of_another_encoder_are_not_compared_with_a_file(recsys, told, tmp_path):
    assert recsys("-w", told, "tags", song(tmp_path / "a.wav", seconds=2.0), "--json").json["songs"] == 0


def test_an_id_goes_before_a_file_of_that_name(recsys, told, first, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    song(tmp_path / first[0], seconds=2.0)
    assert recsys("-w", told, "tags", first[0], "--json").json["track_id"] == first[0]


@pytest.mark.parametrize(("asked", "said"), [("nothing", "no song of the library"), ("text.mp3", "audio")])
def test_what_is_neither_song_nor_sound_is_one_clear_line(recsys, told, tmp_path, monkeypatch, asked, said):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "text.mp3").write_text("no sound")
    ran = recsys("-w", told, "tags", asked)
    assert (ran.code, ran.err.count("\n"), ran.out) == (1, 1, "")
    assert said in ran.err


def test_without_workspace_and_file_both_are_named(recsys, tmp_path):
    ran = recsys("-w", tmp_path / "none", "tags", "blues/one.mp3")
    assert (ran.code, ran.err.count("\n")) == (1, 1)
    assert "no workspace" in ran.err
    assert "no audio file" in ran.err


def test_a_library_without_tags_says_what_to_run(recsys, tmp_path):
    song(tmp_path / "songs" / "a.wav")
    recsys("-w", tmp_path / "w", "scan", tmp_path / "songs")
    for command in (("tags",), ("export", "tags", "--out", tmp_path / "t.parquet")):
        ran = recsys("-w", tmp_path / "w", *command)
        assert (ran.code, ran.err.count("\n")) == (1, 1)
        assert "recsys embed" in ran.err


def test_stored_tags_are_read_without_torch_and_pandas(told, first):
    code = (
        "import sys; from recsys.steps import tags; from pathlib import Path\n"
        f"root = Path({str(told)!r}); assert tags.song_tags(root, {first[0]!r})['tags'] and tags.library_tags(root)['tags']\n"
        "heavy = {'torch', 'lightfm', 'pandas', 'pyarrow', 'scipy', 'librosa', 'matplotlib'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


# export


def test_tags_are_exported_with_one_column_a_tag(recsys, trained, tmp_path):
    ran = recsys("-w", trained, "export", "tags", "--out", tmp_path / "t.parquet", "--json")
    assert (ran.json["songs"], ran.json["tags"]) == (45, 50)
    table = pq.read_table(tmp_path / "t.parquet")
    assert table.column_names == ["track_id", *pretrained_encoder().classes]
    assert {str(field.type) for field in table.schema} == {"string", "float"}
    assert table.schema.metadata[b"encoder"] == pretrained_encoder().fingerprint.encode()
    with open_workspace(trained).catalogue(readonly=True) as catalogue:
        tags = read_predicted_tags(catalogue)
    assert tuple(table["track_id"].to_pylist()) == tags.tracks.ids
    np.testing.assert_array_equal(np.column_stack([table[name] for name in tags.names]), tags.probabilities)


def test_tags_are_exported_as_parquet_only(recsys, trained, tmp_path):
    ran = recsys("-w", trained, "export", "tags", "--out", tmp_path / "t.csv")
    assert (ran.code, ".parquet" in ran.err) == (1, True)


# answers


def test_a_reason_names_the_tags_that_stand_out_in_both_songs(recsys, told, first):
    items = recsys("-w", told, "recommend", "--like", first[0], "-k", 44, "--json").json["items"]
    of = {item["track_id"]: item for item in items}
    assert of[first[1]]["tags"] == ["instrumental", "jazz"]
    assert ": both instrumental, jazz" in of[first[1]]["reason"]
    assert of[first[4]]["tags"] == ["jazz"]
    assert of[first[10]]["tags"] == []
    assert "both" not in of[first[10]]["reason"]


def test_tags_of_recommendations_go_to_parquet(recsys, told, tmp_path):
    (tmp_path / "users.txt").write_text("nobody\n")
    recsys("-w", told, "recommend", "--users-file", tmp_path / "users.txt", "--out", tmp_path / "o.parquet", "-k", 4)
    table = pq.read_table(tmp_path / "o.parquet")
    assert str(table.schema.field("tags").type).startswith("list<")
    assert table["tags"].to_pylist() == [[]] * 4


def test_similar_songs_say_what_both_are(recsys, told, first):
    items = recsys("-w", told, "similar", first[0], "-k", 44, "--json").json["items"]
    shared = {item["track_id"]: item["tags"] for item in items}
    assert (shared[first[1]], shared[first[4]], shared[first[10]]) == (["instrumental", "jazz"], ["jazz"], [])
    assert "both (predicted)" in recsys("-w", told, "similar", first[0], "-k", 44).out


def test_without_tags_answers_are_as_they_were(recsys, told, first):
    with open_workspace(told).catalogue() as catalogue, catalogue.transaction() as db:
        db.execute("DELETE FROM predicted_tags")
    items = recsys("-w", told, "recommend", "--like", first[0], "--json").json["items"]
    assert not any(item["tags"] or "both" in item["reason"] for item in items)
    assert "predicted" not in recsys("-w", told, "similar", first[0]).out


# the map


def drawn(workspace: Path) -> tuple[str, dict]:
    page = (workspace / "reports" / "map.html").read_text()
    title = re.search(r"<title>(.*?)</title>", page).group(1)
    return title, json.loads(re.search(r'<script id="songs" type="application/json">(.*?)</script>', page, re.DOTALL).group(1))


def test_the_map_is_coloured_by_predicted_tags_and_says_so(recsys, told):
    assert recsys("-w", told, "map", "--tags", "--json").json["coloured_by"] == "most distinctive predicted tag"
    title, songs = drawn(told)
    assert "predicted tag" in title
    assert songs["labels"] == ["instrumental", "jazz", "other"]
    assert [songs["labels"][label] for label in songs["label"]] == ["jazz" if i > 2 else "instrumental" for i in range(6)] + [
        "other"
    ] * 39


def test_the_map_shows_what_the_network_learned_unless_asked(recsys, told):
    assert recsys("-w", told, "map", "--json").json["coloured_by"] == "genre"
    assert "by genre" in drawn(told)[0]


def test_without_a_network_of_ones_own_the_map_shows_predicted_tags(recsys, told):
    shutil.rmtree(told / "models" / "encoder")
    assert recsys("-w", told, "map", "--json").json["coloured_by"] == "most distinctive predicted tag"


def test_where_the_shipped_encoder_is_the_workspaces_the_map_shows_predicted_tags(recsys, told):
    pretrained_encoder().save(open_workspace(told).encoder)
    assert recsys("-w", told, "map", "--json").json["coloured_by"] == "most distinctive predicted tag"


def test_a_label_of_the_users_that_is_called_tags_is_a_label(recsys, told, first):
    with open_workspace(told).catalogue() as catalogue, catalogue.transaction() as db:
        db.execute("INSERT INTO labels VALUES (?, 'tags', 'mine', 'table')", [first[0]])
    assert recsys("-w", told, "map", "--label", "tags", "--json").json["coloured_by"] == "tags"
    assert drawn(told)[1]["labels"] == ["mine", "no label"]


def test_a_label_and_tags_at_once_are_wrong_usage(recsys, told):
    assert recsys("-w", told, "map", "--tags", "--label", "genre").code == 2
