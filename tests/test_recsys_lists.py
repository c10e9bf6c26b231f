"""The commands that answer with lists of songs: similar, path, playlist, reorder, and playlists of recommend."""

from __future__ import annotations

import itertools
import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from data.catalogue import Catalogue
from data.embeddings import read_embeddings, unit_rows


@pytest.fixture
def ids(trained):
    return read_embeddings(trained / "embeddings").tracks.ids


def tracks_of(root: Path) -> dict[str, object]:
    with Catalogue.open(root / "catalogue.sqlite", readonly=True) as catalogue:
        return {track.track_id: track for track in catalogue.tracks()}


def listed(answer) -> list[str]:
    return [item["track_id"] for item in answer["items"]]


def paths_in(m3u8: Path) -> list[str]:
    return [line for line in m3u8.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]


# similar


def test_similar_takes_id_path_and_name_alike(recsys, trained, ids):
    track = tracks_of(trained)[ids[3]]
    answers = [recsys("-w", trained, "similar", name, "--json").json for name in (ids[3], track.path, track.name)]
    assert answers[0] == answers[1] == answers[2]
    assert ids[3] not in listed(answers[0])


def test_similarity_is_published_in_0_to_1_and_the_table_says_which_end_is_same(recsys, trained, ids):
    values = [item["similarity"] for item in recsys("-w", trained, "similar", ids[0], "-k", 44, "--json").json["items"]]
    assert values == sorted(values, reverse=True)
    assert 0 <= values[-1] <= values[0] <= 1
    assert "similarity (1 = same)" in recsys("-w", trained, "similar", ids[0]).out


def doubled(workspace: Path, track_id: str, **change: str) -> None:
    """Make another song carry the names of `track_id`, as a second copy of it in a library does."""
    with Catalogue.open(workspace / "catalogue.sqlite") as catalogue, catalogue.transaction() as db:
        artist, title = db.execute("SELECT artist, title FROM tracks WHERE track_id = ?", [change["of"]]).fetchone()
        db.execute("UPDATE tracks SET artist = ?, title = ? WHERE track_id = ?", [artist.upper(), title, track_id])


def test_a_second_copy_of_the_seed_is_hidden_and_named_and_can_be_kept(recsys, workspace, ids):
    nearest = listed(recsys("-w", workspace, "similar", ids[0], "--json").json)[0]
    doubled(workspace, nearest, of=ids[0])
    answer = recsys("-w", workspace, "similar", ids[0], "--json").json
    assert nearest not in listed(answer)
    assert [(d["track_id"], d["of"], d["why"]) for d in answer["hidden"]] == [(nearest, ids[0], "same artist and title")]
    assert len(listed(answer)) == 10
    assert "hidden" in recsys("-w", workspace, "similar", ids[0]).err
    kept = recsys("-w", workspace, "similar", ids[0], "--keep-duplicates", "--json").json
    assert listed(kept)[0] == nearest
    assert kept["hidden"] == []


def test_an_artist_cap_holds(recsys, trained, ids):
    items = recsys("-w", trained, "similar", ids[0], "-k", 15, "--artist-cap", 1, "--json").json["items"]
    artists = [item["artist"] for item in items if item["artist"]]
    assert len(artists) == len(set(artists))


def test_an_unknown_song_names_the_nearest_one(recsys, trained, ids):
    name = tracks_of(trained)[ids[3]].name
    ran = recsys("-w", trained, "similar", name[:-1] + "#q")
    assert ran.code == 1
    assert name in ran.err
    assert ran.err.count("\n") == 1


# path


def test_a_path_goes_from_one_song_to_the_other_in_small_steps(recsys, trained, ids):
    answer = recsys("-w", trained, "path", ids[0], ids[44], "-k", 8, "--json").json
    way = listed(answer)
    assert (way[0], way[-1], len(way), len(set(way))) == (ids[0], ids[44], 8, 8)
    unit = unit_rows(np.asarray(read_embeddings(trained / "embeddings").vectors))
    rows = [ids.index(track_id) for track_id in way]
    wanted = [(1 + float(unit[a] @ unit[b])) / 2 for a, b in itertools.pairwise(rows)]
    np.testing.assert_allclose([item["similarity"] for item in answer["items"][1:]], wanted, atol=1e-5)
    assert answer["items"][0]["similarity"] is None
    assert answer["mean_step"] == pytest.approx(1 - np.mean(wanted), abs=1e-5)
    assert answer["largest_step"] == pytest.approx(1 - np.min(wanted), abs=1e-5)


def test_a_path_of_minutes_comes_close_to_them(recsys, trained, ids):
    answer = recsys("-w", trained, "path", ids[0], ids[44], "--minutes", 1, "--json").json
    assert answer["minutes"] == pytest.approx(1, abs=0.06)


def test_a_path_passes_by_a_second_copy_of_an_end(recsys, workspace, ids):
    way = listed(recsys("-w", workspace, "path", ids[0], ids[44], "-k", 8, "--json").json)
    doubled(workspace, way[3], of=ids[44])
    answer = recsys("-w", workspace, "path", ids[0], ids[44], "-k", 8, "--json").json
    assert way[3] not in listed(answer)
    assert [duplicate["track_id"] for duplicate in answer["hidden"]] == [way[3]]
    assert len(listed(answer)) == 8


def test_a_path_longer_than_the_library_says_so(recsys, trained, ids):
    ran = recsys("-w", trained, "path", ids[0], ids[1], "-k", 100, "--json")
    assert len(ran.json["items"]) <= 45
    assert "only" in ran.err


@pytest.mark.parametrize("words", [("-k", 1), ("-k", 501), ("-k", 5, "--minutes", 3)])
def test_a_path_of_no_length_is_refused(recsys, trained, ids, words):
    assert recsys("-w", trained, "path", ids[0], ids[1], *words).code in (1, 2)


def test_a_path_from_a_song_to_itself_is_refused(recsys, trained, ids):
    ran = recsys("-w", trained, "path", ids[0], ids[0])
    assert ran.code == 1
    assert "both start and end" in ran.err


# playlist


def test_a_playlist_holds_no_seed_and_what_is_unlike_the_song_it_is_without(recsys, trained, ids):
    answer = recsys("-w", trained, "playlist", "--seed", ids[0], "--seed", ids[30], "--without", ids[9], "-k", 12, "--json").json
    assert len(set(listed(answer))) == 12
    assert not set(listed(answer)) & {ids[0], ids[30], ids[9]}
    assert {item["like"] for item in answer["items"]} == {ids[0], ids[30]}
    plain = recsys("-w", trained, "playlist", "--seed", ids[0], "--seed", ids[30], "-k", 12, "--json").json
    unit = unit_rows(np.asarray(read_embeddings(trained / "embeddings").vectors))

    def nearness(some) -> float:
        return float(np.mean([unit[ids.index(track_id)] @ unit[9] for track_id in listed(some)]))

    assert nearness(answer) < nearness(plain)


def test_without_surprise_a_playlist_of_one_seed_holds_what_is_similar_to_it(recsys, trained, ids):
    playlist = recsys("-w", trained, "playlist", "--seed", ids[0], "-k", 8, "--json").json
    similar = recsys("-w", trained, "similar", ids[0], "-k", 8, "--json").json
    assert sorted(listed(playlist)) == sorted(listed(similar))
    assert listed(playlist)[0] == listed(similar)[0]


def test_surprise_depends_on_its_seed_alone(recsys, trained, ids):
    words = ("-w", trained, "playlist", "--seed", ids[0], "-k", 8, "--surprise", 0.8, "--json", "--rng-seed")
    first, again, other = (listed(recsys(*words, seed).json) for seed in (1, 1, 2))
    assert first == again
    assert set(first) != set(other)


def test_a_playlist_of_minutes_comes_close_to_them(recsys, trained, ids):
    answer = recsys("-w", trained, "playlist", "--seed", ids[0], "--minutes", 2, "--json").json
    assert answer["minutes"] == pytest.approx(2, abs=0.06)


def test_a_playlist_for_a_user_leaves_out_what_they_played_unless_asked(recsys, trained, world):
    rows = [line.split(",") for line in (world / "listens.csv").read_text().splitlines()[1:]]
    user = max({row[0] for row in rows}, key=lambda name: sum(row[0] == name for row in rows))
    played = {row[1] for row in rows if row[0] == user}
    new = recsys("-w", trained, "playlist", "--user", user, "-k", 5, "--json").json
    assert not set(listed(new)) & played
    recommended = recsys("-w", trained, "recommend", "--user", user, "-k", 5, "--json").json
    assert sorted(listed(new)) == sorted(listed(recommended))
    assert set(listed(recsys("-w", trained, "playlist", "--user", user, "-k", 9, "--heard", "--json").json)) & played


def test_an_unknown_user_without_a_seed_is_refused(recsys, trained):
    ran = recsys("-w", trained, "playlist", "--user", "nobody-at-all")
    assert ran.code == 1
    assert "nobody-at-all" in ran.err


def test_a_playlist_file_can_be_the_seed(recsys, trained, ids, tmp_path):
    file = tmp_path / "seeds.m3u8"
    paths = [tracks_of(trained)[track_id].path for track_id in ids[:3]]
    file.write_text("#EXTM3U\n" + "\n".join([*paths, "/not/here.mp3", "http://example.org/x.mp3"]) + "\n")
    ran = recsys("-w", trained, "playlist", "--seed", file, "-k", 5, "--json")
    assert ran.json["seeds"] == sorted(ids[:3], key=ids.index)
    assert "2 of 5 entries are not in the library" in ran.err
    assert not set(listed(ran.json)) & set(ids[:3])


def test_a_playlist_needs_a_seed_or_a_user_and_no_song_is_both_for_and_against(recsys, trained, ids):
    assert recsys("-w", trained, "playlist").code == 2
    ran = recsys("-w", trained, "playlist", "--seed", ids[0], "--without", ids[0])
    assert ran.code == 1
    assert "both a seed and" in ran.err


# files


def test_every_list_can_be_written_and_its_paths_are_the_songs(recsys, trained, ids, tmp_path):
    tracks = tracks_of(trained)
    for words in (
        ("similar", ids[0]),
        ("path", ids[0], ids[1]),
        ("playlist", "--seed", ids[0]),
        ("recommend", "--like", ids[0]),
    ):
        m3u8, jspf = tmp_path / f"{words[0]}.m3u8", tmp_path / f"{words[0]}.jspf"
        answer = recsys("-w", trained, *words, "-k", 6, "--m3u8", m3u8, "--jspf", jspf, "--json").json
        wanted = [tracks[track_id].path for track_id in listed(answer)]
        assert paths_in(m3u8) == wanted == [item["path"] for item in answer["items"]]
        assert [Path(path).is_file() for path in wanted] == [True] * 6
        found = json.loads(jspf.read_text())["playlist"]["track"]
        assert [track["location"] for track in found] == [[Path(path).as_uri()] for path in wanted]
        assert [written["songs"] for written in answer["written"]] == [6, 6]


def test_relative_paths_start_at_the_playlists_folder(recsys, trained, ids, tmp_path):
    recsys("-w", trained, "similar", ids[0], "-k", 3, "--m3u8", tmp_path / "deep" / "a.m3u8", "--relative")
    paths = paths_in(tmp_path / "deep" / "a.m3u8")
    assert all(path.startswith("../") for path in paths)
    assert all((tmp_path / "deep" / path).is_file() for path in paths)


def test_a_playlist_on_stdout_stands_alone_there(recsys, trained, ids):
    ran = recsys("-w", trained, "similar", ids[0], "-k", 3, "--m3u8", "-")
    assert ran.out.startswith("#EXTM3U\n")
    assert len(ran.out.splitlines()) == 8
    assert recsys("-w", trained, "similar", ids[0], "--m3u8", "-", "--json").code == 2


def test_a_song_is_never_written_over(recsys, workspace, ids, tmp_path):
    song = tmp_path / "song.m3u8"
    song.write_bytes(b"ID3 not a playlist")
    ran = recsys("-w", workspace, "similar", ids[0], "--m3u8", song)
    assert (ran.code, song.read_bytes()) == (1, b"ID3 not a playlist")
    assert "--force" in ran.err
    assert recsys("-w", workspace, "similar", ids[0], "--m3u8", tmp_path / "song.mp3").code == 2
    assert recsys("-w", workspace, "similar", ids[0], "--m3u8", song, "--force").code == 0
    assert song.read_bytes().startswith(b"#EXTM3U")


# reorder


@pytest.fixture
def shuffled(trained, ids, tmp_path) -> Path:
    """All songs in a random order, and between them what is no song of the library."""
    paths = [tracks_of(trained)[ids[row]].path for row in np.random.default_rng(0).permutation(len(ids))]
    file = tmp_path / "in.m3u8"
    file.write_text("#EXTM3U\n" + "\n".join([*paths[:9], "http://example.org/live", *paths[9:], "/not/here.mp3"]) + "\n")
    return file


def test_reorder_smooths_and_loses_nothing(recsys, trained, shuffled, tmp_path):
    ran = recsys("-w", trained, "reorder", shuffled, "--out", tmp_path / "out.m3u8", "--json")
    assert ran.json["mean_step_after"] < 0.7 * ran.json["mean_step_before"]
    assert sorted(paths_in(tmp_path / "out.m3u8")) == sorted(paths_in(shuffled))
    assert paths_in(tmp_path / "out.m3u8")[-2:] == ["http://example.org/live", "/not/here.mp3"]
    assert ran.json["unknown"] == ["http://example.org/live", "/not/here.mp3"]
    assert "2 entries are not in the library" in ran.err


def test_reorder_can_keep_the_first_song_and_write_over_its_source(recsys, trained, shuffled):
    first = paths_in(shuffled)[0]
    assert recsys("-w", trained, "reorder", shuffled, "--out", shuffled, "--keep-first").code == 0
    assert paths_in(shuffled)[0] == first


def test_reorder_of_a_playlist_without_songs_of_the_library_is_refused(recsys, trained, tmp_path):
    (tmp_path / "in.m3u8").write_text("#EXTM3U\n/etc/passwd\n../../../etc/shadow\n$(touch hacked).mp3\n;id\n")
    ran = recsys("-w", trained, "reorder", tmp_path / "in.m3u8", "--out", tmp_path / "out.m3u8")
    assert ran.code == 1
    assert "0 of 4 entries" in ran.err
    assert not (tmp_path / "out.m3u8").exists()


def test_reorder_finds_songs_of_a_moved_library_by_their_names(recsys, trained, ids, tmp_path):
    tracks = [tracks_of(trained)[track_id] for track_id in ids[:5]]
    lines = [f"#EXTINF:6,{track.name}\n/elsewhere/{n}.mp3" for n, track in enumerate(tracks)]
    (tmp_path / "in.m3u8").write_text("#EXTM3U\n" + "\n".join(lines) + "\n")
    recsys("-w", trained, "reorder", tmp_path / "in.m3u8", "--out", tmp_path / "out.m3u8")
    assert sorted(paths_in(tmp_path / "out.m3u8")) == sorted(track.path for track in tracks)


# explain


def test_recommend_names_the_songs_labels_and_listeners_behind_each_song(recsys, trained, world):
    rows = [line.split(",") for line in (world / "listens.csv").read_text().splitlines()[1:]]
    user = rows[0][0]
    played = {row[1] for row in rows if row[0] == user}
    for item in recsys("-w", trained, "recommend", "--user", user, "--json").json["items"]:
        assert item["because"]
        assert {song["track_id"] for song in item["because"]} <= played
        assert sum(song["share"] for song in item["because"]) <= 1.001
        named = {song["track_id"] for song in item["because"]}
        assert all(set(label["songs"]) <= named for label in item["labels"])
        assert item["popularity"]["listeners"] == len({row[0] for row in rows if row[1] == item["track_id"]})


def test_explain_says_of_a_song_what_recommend_says(recsys, trained, world):
    user = (world / "listens.csv").read_text().splitlines()[1].split(",")[0]
    (item,) = recsys("-w", trained, "recommend", "--user", user, "-k", 1, "--json").json["items"]
    told = recsys("-w", trained, "explain", item["track_id"], "--user", user, "--json").json["song"]
    assert {name: told[name] for name in item} == item
    assert told["rank"] == 1


def test_explain_ranks_a_song_far_down_and_one_that_was_played(recsys, trained, world):
    rows = [line.split(",") for line in (world / "listens.csv").read_text().splitlines()[1:]]
    items = recsys("-w", trained, "recommend", "--user", rows[0][0], "-k", 45, "--json").json["items"]
    last = recsys("-w", trained, "explain", items[-1]["track_id"], "--user", rows[0][0], "--json").json["song"]
    assert (last["rank"], last["of"], last["heard"]) == (len(items), len(items), False)
    ran = recsys("-w", trained, "explain", rows[0][1], "--user", rows[0][0])
    assert "has been played already" in ran.err
    assert "listeners: " in ran.out
    assert f"sounds like {tracks_of(trained)[rows[0][1]].name}" not in ran.out


def test_recommend_hides_a_second_copy_of_what_is_liked(recsys, workspace, ids):
    before = listed(recsys("-w", workspace, "recommend", "--like", ids[0], "-k", 5, "--json").json)
    doubled(workspace, before[0], of=ids[0])
    answer = recsys("-w", workspace, "recommend", "--like", ids[0], "-k", 5, "--json").json
    assert listed(answer)[:4] == before[1:]
    assert [duplicate["track_id"] for duplicate in answer["hidden"]] == [before[0]]
    kept = recsys("-w", workspace, "recommend", "--like", ids[0], "-k", 5, "--keep-duplicates", "--json").json
    assert listed(kept) == before


def test_lists_for_many_users_hide_duplicates_too(recsys, workspace, world, tmp_path):
    import pandas as pd

    (tmp_path / "users.txt").write_text("a stranger\n")
    words = ("-w", workspace, "recommend", "--users-file", tmp_path / "users.txt", "-k", 5, "--out")
    recsys(*words, tmp_path / "a.parquet")
    before = pd.read_parquet(tmp_path / "a.parquet")["track_id"].tolist()
    doubled(workspace, before[1], of=before[0])
    recsys(*words, tmp_path / "b.parquet")
    after = pd.read_parquet(tmp_path / "b.parquet")
    assert before[1] not in after["track_id"].tolist()
    assert after["rank"].tolist() == [1, 2, 3, 4, 5]


# played by somebody else's program


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("ffprobe") is None, reason="ffprobe is not installed")
@pytest.mark.parametrize("relative", [False, True])
def test_every_path_of_a_playlist_plays(recsys, trained, ids, tmp_path, relative):
    m3u8 = tmp_path / "lists" / "a.m3u8"
    recsys("-w", trained, "similar", ids[0], "-k", 8, "--m3u8", m3u8, *(["--relative"] if relative else []))
    assert len(paths_in(m3u8)) == 8
    for path in paths_in(m3u8):
        words = ["ffprobe", "-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0", path]
        ran = subprocess.run(words, cwd=m3u8.parent, capture_output=True, text=True, check=True)
        assert float(ran.stdout) == pytest.approx(6, abs=0.5)
