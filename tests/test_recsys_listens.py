"""Listening histories on the command line: what is recognised, filtered, refused, matched and not."""

from __future__ import annotations

import json

import pytest

PLAY = {
    "ts": "2017-07-14T02:44:00Z",
    "username": "SECRET-user",
    "ms_played": 240_000,
    "ip_addr": "203.0.113.77",
    "user_agent_decrypted": "SECRET-agent",
    "incognito_mode": False,
}


@pytest.fixture
def song(world):
    """Artist and title of a song of the library."""
    header, first, *_ = (line.split(",") for line in (world / "tracks.csv").read_text(encoding="utf-8").splitlines())
    row = dict(zip(header, first, strict=True))
    return row["track_id"], row["artist"], row["title"]


@pytest.fixture
def history(tmp_path, song):
    """A Spotify history: one song of the library twice, once with another title, and others."""
    names = [(song[1], song[2]), (song[1].upper(), song[2] + " - Remastered 2011"), ("Nobody", "Nothing"), ("nobody", "nothing")]
    rows = [
        {
            **PLAY,
            "ts": f"2017-07-14T02:4{n}:00Z",
            "spotify_track_uri": f"spotify:track:{n}",
            "master_metadata_album_artist_name": artist,
            "master_metadata_track_name": title,
        }
        for n, (artist, title) in enumerate(names)
    ]
    path = tmp_path / "history.json"
    path.write_text(json.dumps([*rows, {**rows[0], "ms_played": 5}, {**rows[0], "incognito_mode": True}]))
    return path


def test_a_history_is_told_and_matched(recsys, workspace, history):
    ran = recsys("-w", workspace, "import-listens", history, "--user", "anna", "--json")
    assert ran.code == 0  # filtered rows are no bad ones
    (told,) = ran.json["files"]
    assert (told["format"], told["rows"], told["bad_rows"], told["filtered_rows"]) == ("spotify", 6, 0, 2)
    assert {one["reason"]: one["first_line"] for one in told["filtered"]} == {
        "played for less than 30 s": 5,
        "private session": 6,
    }
    assert ran.json["matching"]["artist and title"] == {"items": 2, "rows": 2, "listens": 2}
    assert ran.json["matching"][""] == {"items": 2, "rows": 2, "listens": 2}
    assert ran.json["counts"]["rows matched by artist and title"] == 2


def test_what_it_says_for_a_person_has_the_same(recsys, workspace, history):
    out = recsys("-w", workspace, "import-listens", history).out
    for words in ("(spotify)", "2 left out", "private session: 1, first in line 6", "2 rows matched by artist and title"):
        assert words in out


def test_the_history_counts_for_the_user_that_was_named(recsys, workspace, history, song):
    recsys("-w", workspace, "import-listens", history, "--user", "a newcomer")
    answer = recsys("-w", workspace, "recommend", "--user", "a newcomer", "-k", 44, "--json").json
    assert song[0] not in {item["track_id"] for item in answer["items"]}


def test_unmatched_lists_most_listens_first(recsys, workspace, history, tmp_path, song):
    (tmp_path / "b.csv").write_text(f"user,artist,title,plays\nu,Rare,Thing,1\nu,{song[1]},{song[2]}q,9\n")
    recsys("-w", workspace, "import-listens", history, tmp_path / "b.csv")
    answer = recsys("-w", workspace, "unmatched", "--json").json
    assert [(one["artist"], one["listens"]) for one in answer["unmatched"]] == [("Nobody", 2), ("Rare", 1)]
    assert recsys("-w", workspace, "unmatched", "-k", 1, "--json").json["unmatched"] == answer["unmatched"][:1]
    told = recsys("-w", workspace, "unmatched").out
    assert "Nobody" in told
    assert "Rare" in told
    assert [(one["track_id"], one["listens"]) for one in answer["similar"]] == [(song[0], 9)]


def test_unmatched_without_listens_says_so(recsys, world, tmp_path):
    recsys("-w", tmp_path / "w", "scan", world)
    assert "no listens" in recsys("-w", tmp_path / "w", "unmatched").out


def test_a_user_for_a_file_that_names_its_users_is_one_line(recsys, workspace, world):
    ran = recsys("-w", workspace, "import-listens", world / "listens.csv", "--user", "anna")
    assert ran.code == 1
    assert "says itself who listened" in ran.err
    assert recsys("-w", workspace, "import-listens", world / "listens.csv", "--user", " ").code == 2


def test_no_byte_of_the_person_is_anywhere_in_the_workspace(recsys, workspace, history):
    recsys("-w", workspace, "import-listens", history)
    recsys("-w", workspace, "train-hybrid")
    recsys("-w", workspace, "unmatched")
    for path in workspace.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            for secret in (b"SECRET", b"203.0.113"):
                assert secret not in content, path
