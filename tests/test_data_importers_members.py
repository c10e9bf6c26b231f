"""Folders and zip archives: read as they come, never unpacked; traps are refused."""

from __future__ import annotations

import json
import os
import struct
import zipfile
from pathlib import Path

import pytest
from imported_rows import parse

from data.errors import InputError
from data.importers import members
from data.importers.recognise import recognise

TABLE = "user_id,track_id\nu,t\n"


def spotify(n: int) -> str:
    row = {"ts": f"2017-07-14T02:44:{n:02}Z", "ms_played": 240_000, "spotify_track_uri": f"spotify:track:{n}"}
    return json.dumps([row, {**row, "ms_played": 1}])


def archive(path: Path, **files: str | bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in files.items():
            made.writestr(name, content)
    return path


def refusal(path: Path) -> str:
    with pytest.raises(InputError) as caught:
        parse(path)
    return caught.value.code


def test_a_zip_is_read_with_what_lies_beside_the_listens(tmp_path: Path) -> None:
    files = {
        "My Data/a_0.json": spotify(0),
        "My Data/b_1.json": spotify(1),
        "My Data/ReadMe.pdf": b"%PDF\0",
        "My Data/empty.json": "",
    }
    parsed = parse(archive(tmp_path / "my_spotify_data.zip", **files))
    assert parsed.columns("key") == [("spotify:track:0",), ("spotify:track:1",)]
    assert parsed.filtered == {"played for less than 30 s": (2, 2)}
    assert parsed.sieve.filtered[0].file == "my_spotify_data.zip/My Data/a_0.json"


def test_what_is_passed_over_and_could_be_listens_is_named(tmp_path: Path) -> None:
    made = archive(tmp_path / "a.zip", **{"one.json": spotify(1), "two.json": "played_ms: 1}]", "ReadMe.pdf": "x"})
    assert recognise(made).passed_over == ("a.zip/two.json",)


def test_a_folder_is_read_like_its_archive(tmp_path: Path) -> None:
    folder = tmp_path / "data" / "deeper"
    folder.mkdir(parents=True)
    for n in range(2):
        (folder / f"part {n}.json").write_text(spotify(n))
    (folder / ".hidden.json").write_text(spotify(3))
    assert parse(tmp_path / "data").columns("key") == [("spotify:track:0",), ("spotify:track:1",)]


def test_nothing_is_unpacked(tmp_path: Path) -> None:
    path = archive(tmp_path / "a.zip", **{"../../evil.csv": TABLE, "/tmp/evil.csv": TABLE})
    assert len(parse(path).rows) == 2
    assert [one.name for one in tmp_path.iterdir()] == ["a.zip"]


def test_several_formats_in_one_archive_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"several formats \(csv, spotify\)"):
        recognise(archive(tmp_path / "a.zip", **{"a.json": spotify(1), "b.csv": TABLE}))


def test_an_archive_without_listens_is_refused(tmp_path: Path) -> None:
    assert refusal(archive(tmp_path / "a.zip", **{"a.txt": "hello"})) == "unknown-format"


def test_a_bomb_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = archive(tmp_path / "bomb.zip", **{"a.csv": TABLE + "\n" * (members.RATIO_FROM + 1)})
    with pytest.raises(InputError, match=r"would grow") as caught:
        recognise(path)
    assert caught.value.code == "too-large"


def test_an_archive_that_lies_about_the_size_is_damaged(tmp_path: Path) -> None:
    path = archive(tmp_path / "a.zip", **{"a.csv": TABLE + "u,t\n" * 50_000})
    data = bytearray(path.read_bytes())
    entry = data.rfind(b"PK\x01\x02")
    data[entry + 24 : entry + 28] = struct.pack("<I", 1000)
    path.write_bytes(data)
    assert refusal(path) == "damaged"


def test_a_damaged_archive_is_one_clear_error(tmp_path: Path) -> None:
    path = archive(tmp_path / "a.zip", **{"a.csv": TABLE + "".join(f"u{n},t{n * 7919}\n" for n in range(5000))})
    whole = path.read_bytes()
    path.write_bytes(whole[:2000])
    assert refusal(path) == "damaged"
    path.write_bytes(whole[:9000] + bytes(reversed(whole[9000:9400])) + whole[9400:])
    assert refusal(path) == "damaged"


def test_an_encrypted_archive_says_what_to_do(tmp_path: Path) -> None:
    path = archive(tmp_path / "a.zip", **{"a.csv": TABLE})
    data = bytearray(path.read_bytes())
    data[data.rfind(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)
    with pytest.raises(InputError, match="Unpack"):
        recognise(path)


def test_too_many_files_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(members, "MOST_FILES", 3)
    for n in range(4):
        (tmp_path / f"{n}.csv").write_text(TABLE)
    assert refusal(tmp_path) == "too-many"
    assert refusal(archive(tmp_path / "a.zip", **{f"{n}": TABLE for n in range(4)})) == "too-many"


def test_a_line_without_end_is_rejected_in_bounded_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from data.importers import lines

    monkeypatch.setattr(lines, "LONGEST_LINE", 1000)
    monkeypatch.setattr(lines, "CHUNK_BYTES", 500)
    parsed = parse(tmp_path / "a", TABLE + "x" * 5000 + "\nu,t2\nu,t3\n")
    assert parsed.columns("key") == [("t",), ("t2",), ("t3",)]
    assert parsed.rejected == {lines.TOO_LONG: (1, 3)}


def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert refusal(tmp_path / "pipe") == "unopenable"


def test_hetrec_is_read_from_its_archive_with_the_names_beside_it(tmp_path: Path) -> None:
    files = {
        "set/user_artists.dat": b"userID\tartistID\tweight\r\n2\t51\t7\r\n",
        "set/artists.dat": b"id\tname\turl\tpictureURL\n51\tDuran Duran\tx\ty\n",
        "set/tags.dat": b"tagID\ttagValue\r\n1\tmetal\xe9\r\n",
    }
    parsed = parse(archive(tmp_path / "hetrec.zip", **files))
    assert (parsed.format, parsed.columns("user", "key", "artist")) == ("hetrec", [("2", "51", "Duran Duran")])
