"""Listens of ListenBrainz: exports, the older array, the public dump."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from imported_rows import parse

from data.importers import listenbrainz

OWN = "11111111-aaaa-bbbb-cccc-dddddddddddd"
MAPPED = "22222222-aaaa-bbbb-cccc-dddddddddddd"
COLUMNS = ("recording_mbid", "artist", "title", "album", "duration", "time")


def listen(info=None, mapping="absent", **changes):
    meta = {"artist_name": "Björk", "track_name": "Army of Me", "release_name": "Post", "additional_info": info or {}}
    if mapping != "absent":
        meta["mbid_mapping"] = mapping
    return {"listened_at": 1500000000, "inserted_at": 1.5, "recording_msid": "x", "track_metadata": meta, **changes}


def lines(*rows):
    return "".join((row if isinstance(row, str) else json.dumps(row, ensure_ascii=False)) + "\n" for row in rows)


@pytest.fixture(params=["fast", "careful"])
def both_ways(request, monkeypatch):
    """The test runs with whole chunks at once and with each line apart."""
    if request.param == "careful":
        monkeypatch.setattr(listenbrainz, "add_listens", lambda *_, **__: False)


def test_a_listen_has_names_and_time(tmp_path: Path, both_ways: None) -> None:
    parsed = parse(tmp_path / "any", lines(listen({"duration_ms": 234_000}), listen({"duration": 234}), listen()))
    assert (parsed.format, parsed.personal) == ("listenbrainz", True)
    expected = ("", "Björk", "Army of Me", "Post")
    assert parsed.columns(*COLUMNS) == [(*expected, seconds, 1500000000) for seconds in (234.0, 234.0, 0.0)]


@pytest.mark.parametrize(
    ("info", "mapping", "expected"),
    [
        ({"recording_mbid": OWN}, {"recording_mbid": MAPPED}, OWN),
        ({}, {"recording_mbid": MAPPED}, MAPPED),
        ({"recording_mbid": None}, {"recording_mbid": MAPPED, "artists": None}, MAPPED),
        ({"recording_mbid": ""}, {"recording_mbid": MAPPED}, MAPPED),
        ({"recording_mbid": OWN}, None, OWN),
        ({}, None, ""),
        ({}, "absent", ""),
        (None, {}, ""),
    ],
)
def test_the_players_own_recording_id_comes_first(tmp_path: Path, both_ways: None, info, mapping, expected) -> None:
    assert parse(tmp_path / "a", lines(listen(info, mapping))).columns("recording_mbid") == [(expected,)]


@pytest.mark.parametrize("broken", ['"x": 1}}', "null", "no json", '{"listened_at": '])
def test_a_file_whose_first_line_is_damaged_is_read_and_that_line_counted(tmp_path: Path, both_ways: None, broken: str) -> None:
    parsed = parse(tmp_path / "a", lines(broken, listen(user_name="anna"), listen(user_name="ben")))
    assert parsed.columns("user") == [("anna",), ("ben",)]
    assert parsed.rejected == {"no JSON object": (1, 1)}


@pytest.mark.parametrize("element", ["[" * 2000 + "]" * 2000, '[{"a": 1e999999}, tru]', "1, nul, [,]"])
def test_sound_neighbours_of_an_element_that_is_none_are_kept(tmp_path: Path, element: str) -> None:
    around = [json.dumps(listen(listened_at=1500000000 + at)) for at in range(4)]
    parsed = parse(tmp_path / "a", f"[{around[0]}, {element}, {around[1]}, {around[2]}, {around[3]}]")
    assert [time for (time,) in parsed.columns("time")] == [1500000000, 1500000001, 1500000002, 1500000003]
    assert sum(rows for rows, _ in parsed.rejected.values()) >= 1


def test_the_older_export_is_one_array(tmp_path: Path) -> None:
    parsed = parse(tmp_path / "a", json.dumps([listen(), listen(listened_at=1500000001)]))
    assert [time for (time,) in parsed.columns("time")] == [1500000000, 1500000001]


def test_a_dump_names_its_users(tmp_path: Path, both_ways: None) -> None:
    parsed = parse(tmp_path / "a", lines(listen(user_name="anna", user_id=5), listen(user_name="ben", user_id=6)))
    assert not parsed.personal
    assert parsed.columns("user") == [("anna",), ("ben",)]


def test_a_dump_with_numbers_of_users_alone_has_these(tmp_path: Path) -> None:
    assert parse(tmp_path / "a", lines(listen(user_id=5))).columns("user") == [("5",)]


def test_a_row_of_a_dump_without_user_is_bad(tmp_path: Path) -> None:
    assert parse(tmp_path / "a", lines(listen(user_name="anna"), listen())).rejected == {"empty user": (1, 2)}


def test_malformed_lines_are_counted_by_reason(tmp_path: Path) -> None:
    text = lines(
        listen(),
        "no json",
        listen(listened_at=None),
        listen(track_metadata=None),
        listen(track_metadata={"artist_name": "", "track_name": "t"}),
        "[]",
        "",
        listen(listened_at="1500000000"),
        '{"listened_at": ',
        listen({"recording_mbid": ["x"], "duration_ms": "?"}),
    )
    parsed = parse(tmp_path / "a", text)
    assert len(parsed.rows) == 3
    assert parsed.rejected == {
        "no JSON object": (3, 2),
        "time cannot be read": (1, 3),
        "no track_metadata": (1, 4),
        "empty artist or title": (1, 5),
    }


def test_loved_and_pinned_recordings_of_an_export_are_counted_and_no_listens(tmp_path: Path) -> None:
    folder = tmp_path / "export"
    for year, month in ((2023, 1), (2024, 12)):
        (folder / "listens" / str(year)).mkdir(parents=True)
        (folder / "listens" / str(year) / f"{month}.jsonl").write_text(lines(listen(listened_at=1500000000 + month)))
    (folder / "user.json").write_text('{"user_id": 1, "user_name": "anna"}')
    (folder / "feedback.jsonl").write_text(
        lines({"user_id": "anna", "recording_mbid": OWN, "score": 1}, {"recording_msid": "m", "score": -1})
    )
    (folder / "pinned_recording.jsonl").write_text(
        lines({"recording_mbid": OWN, "pinned_until": 3, "blurb_content": "b", "track_metadata": {"artist_name": "a"}})
    )
    with zipfile.ZipFile(tmp_path / "export.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for path in folder.rglob("*.json*"):
            archive.write(path, path.relative_to(folder))
    for source in (folder, tmp_path / "export.zip"):
        parsed = parse(source)
        assert sorted(time for (time,) in parsed.columns("time")) == [1500000001, 1500000012]
        assert parsed.filtered == {"loved or hated, no listen": (2, 1), "pinned, no listen": (1, 1)}
        assert parsed.sieve.filtered[0].file.endswith("feedback.jsonl")
        assert parsed.personal


VALUES = st.one_of(st.none(), st.booleans(), st.integers(-5, 10**20), st.floats(), st.text(max_size=5), st.just([]), st.just({}))
CHANGED = st.dictionaries(st.sampled_from(["listened_at", "track_metadata", "score", "user_name"]), VALUES, max_size=2)
LINES = st.one_of(
    CHANGED.map(lambda changes: json.dumps(listen(**changes)).encode()),
    st.binary(max_size=20).filter(lambda line: b"\n" not in line),
    st.builds(lambda info, mapping: json.dumps(listen(info, mapping)).encode(), VALUES, VALUES),
    st.sampled_from([b"{}", b"{", b"}", b'{"a":', b'"x', b"null", b"\xff", b"{} {}"]),
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(LINES, max_size=12))
def test_no_line_crashes_the_import_or_is_lost(tmp_path: Path, rows: list[bytes]) -> None:
    parsed = parse(tmp_path / "a", b"\n".join([json.dumps(listen()).encode(), *rows]))
    assert parsed.sieve.rows == 1 + sum(1 for row in rows if row.strip())
