"""Importers: formats are known by content; every row is either a listen or counted with its reason."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from imported_rows import Parsed, parse

from data.errors import InputError
from data.importers import lines as chunks
from data.importers.parsed import BAD_TIME, NO_TIME
from data.importers.recognise import recognise
from data.importers.values import times


def rows(parsed: Parsed) -> list[tuple[str, str, float, int | None]]:
    return parsed.columns("user", "key", "weight", "time")


def reasons(parsed: Parsed) -> dict[str, tuple[int, int]]:
    return parsed.rejected


@pytest.mark.parametrize(
    "header", ["user_id,track_id,plays", "userID,item_id,weight", "User, Song ,COUNT", "user_id:token,item_id:token,rating:float"]
)
@pytest.mark.parametrize("mark", [",", "\t", ";", "|"])
def test_column_names_and_delimiters_are_recognised(tmp_path: Path, header: str, mark: str) -> None:
    parsed = parse(tmp_path / "any.name", header.replace(",", mark) + f"\nu1{mark}t1{mark}2.5\n")
    assert rows(parsed) == [("u1", "t1", 2.5, None)]
    assert parsed.kind == "track"


def test_columns_may_stand_in_any_order_beside_others(tmp_path: Path) -> None:
    assert rows(parse(tmp_path / "a", "plays,x,track_id,user_id\n3,?,t,u\n")) == [("u", "t", 3.0, None)]


def test_without_a_weight_each_row_is_one_play(tmp_path: Path) -> None:
    assert rows(parse(tmp_path / "a", "user,track\nu,t\nu,t\n")) == [("u", "t", 1.0, None)] * 2


def test_byte_order_mark_line_ends_quotes_and_missing_last_line_end(tmp_path: Path) -> None:
    parsed = parse(tmp_path / "a", b'\xef\xbb\xbf"user_id","track_id","plays"\r\n"u,1","t ""x""",4\r\n\r\nu2,t2,5')
    assert rows(parsed) == [("u,1", 't "x"', 4.0, None), ("u2", "t2", 5.0, None)]
    assert parsed.rejected == {}


def test_quotation_marks_in_a_table_with_tabs_may_be_part_of_a_name(tmp_path: Path) -> None:
    parsed = parse(tmp_path / "a", 'user_id\ttrack_id\nu\t"Weird Al" Yankovic\nu\t"quoted"\n')
    assert [row[1] for row in rows(parsed)] == ['"Weird Al" Yankovic', "quoted"]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1500000000", 1500000000),
        ("1500000000.7", 1500000000),
        ("1500000000000", 1500000000),
        ("1500000000000000", 1500000000),
        ("2017-07-14T02:40:00Z", 1500000000),
        ("2017-07-14T04:40:00+02:00", 1500000000),
        ("2017-07-14 02:40:00", 1500000000),
        ("2017-07-14", 1499990400),
        ("", NO_TIME),
        ("0", NO_TIME),
        ("yesterday", BAD_TIME),
        ("-5", BAD_TIME),
        ("nan", BAD_TIME),
        ("inf", BAD_TIME),
        ("99999-01-01", BAD_TIME),
    ],
)
def test_times_are_unix_or_iso(text: str, seconds: int) -> None:
    assert times([text]).tolist() == [seconds]
    assert times([text, "2017-07-14T02:40:00.123Z", "7"]).tolist() == [seconds, 1500000000, 7]


def test_bad_rows_are_counted_by_reason_with_the_first_line(tmp_path: Path) -> None:
    lines = [
        b"user_id,track_id,plays,time",
        b"u,t,1,100",
        b"u,t,1",
        b",t,1,100",
        b"u, ,1,100",
        b"u,t,many,100",
        b"u,t,nan,100",
        b"u,t,inf,100",
        b"u,t,1e39,100",
        b"u,t,0,100",
        b"u,t,-1,100",
        b"u,t,1e-60,100",
        b"u,t,1,soon",
        b"\xff,t,1,100",
        b'"u,t,1,100',
        b"u,t,1,100,5",
        b"",
        b"u,t,,100",
        b"u,t,1,",
    ]
    parsed = parse(tmp_path / "a", b"\n".join(lines))
    assert rows(parsed) == [("u", "t", 1.0, 100), ("u", "t", 1.0, None)]
    assert reasons(parsed) == {
        "wrong number of columns": (2, 3),
        "empty user": (1, 4),
        "empty track": (1, 5),
        "weight is no number": (2, 6),
        "weight is not finite": (3, 7),
        "weight is not positive": (3, 10),
        "time cannot be read": (1, 13),
        "not UTF-8": (1, 14),
        "quotation marks do not match": (1, 15),
    }
    assert parsed.sieve.rows == 17


def test_line_numbers_go_on_from_chunk_to_chunk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chunks, "CHUNK_BYTES", 64)
    content = "user_id,track_id,plays\n" + "u,t,1\n" * 500 + "u,t,x\n" + "u,t,1\n" * 50
    parsed = parse(tmp_path / "a", content)
    assert len(parsed.rows) == 550
    assert reasons(parsed) == {"weight is no number": (1, 502)}


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(lines=[b"\r"])
@given(
    st.lists(
        st.one_of(
            st.binary(max_size=30),
            st.text(alphabet='ut,";\t 1.-einfa\r\x00é\u2028', max_size=20).map(str.encode),
            st.sampled_from([b"u,t,1", b"u,t,nan", b'"u","t","2"']),
        ),
        max_size=30,
    )
)
def test_no_line_crashes_the_import_or_is_lost(tmp_path: Path, lines: list[bytes]) -> None:
    body = b"\n".join([b"user_id,track_id,plays", b"u,t,1", *lines])
    parsed = parse(tmp_path / "a", body)
    real = [line for line in body.split(b"\n")[1:] if line not in (b"", b"\r")]
    # A line of line ends alone is empty; whichever way it is cut, it is no row.
    blank = sum(1 for line in real if not line.strip(b"\r"))
    assert len(real) - blank <= parsed.sieve.rows <= len(real)
    weights = np.array([row["weight"] for row in parsed.rows])
    assert (weights > 0).all()
    assert np.isfinite(weights).all()
    assert all(user and item for user, item, *_ in rows(parsed))


# Parquet


def parquet(path: Path, **columns: object) -> Parsed:
    pd.DataFrame(columns).to_parquet(path)
    return parse(path)


def test_parquet_with_texts_numbers_and_timestamps(tmp_path: Path) -> None:
    moments = pd.to_datetime(["2017-07-14T02:40:00Z", None])
    parsed = parquet(tmp_path / "a", user_id=[1, 2], track_id=["x", "y"], plays=[1.5, 2.0], time=moments)
    assert rows(parsed) == [("1", "x", 1.5, 1500000000), ("2", "y", 2.0, None)]
    assert parsed.format == "parquet"


def test_parquet_with_numbers_as_texts(tmp_path: Path) -> None:
    parsed = parquet(
        tmp_path / "a", user=["u", "u"], item_id=[1.0, 2.0], count=["3", "x"], timestamp=["1500000000", "1500000000000"]
    )
    assert rows(parsed) == [("u", "1", 3.0, 1500000000)]
    assert reasons(parsed) == {"weight is no number": (1, 2)}


def test_bad_rows_of_parquet_are_counted(tmp_path: Path) -> None:
    parsed = parquet(
        tmp_path / "a", user_id=["u", None, "u", "u", "u"], track_id=["t"] * 5, weight=[1, 1, math.nan, -1, math.inf]
    )
    assert len(parsed.rows) == 1
    assert reasons(parsed) == {
        "empty user": (1, 2),
        "weight is no number": (1, 3),
        "weight is not positive": (1, 4),
        "weight is not finite": (1, 5),
    }


def test_a_damaged_parquet_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"PAR1" + b"\0" * 100)
    with pytest.raises(InputError) as caught:
        recognise(tmp_path / "a")
    assert caught.value.code == "damaged"


def test_parquet_columns_of_a_type_without_sense_are_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        parquet(tmp_path / "a", user_id=[["a"], ["b"]], track_id=["t", "t"])
    assert caught.value.code == "damaged"


# HetRec


def hetrec(folder: Path, name: str = "user_artists.dat") -> Path:
    (folder / name).write_bytes(b"userID\tartistID\tweight\r\n2\t51\t13883\r\n2\t52\t0\r\n3\t53\t7\r\n")
    (folder / "artists.dat").write_bytes(
        'id\tname\turl\tpictureURL\n51\t"Duran" Duran\tx\ty\n52\tBjörk\tx\ty\nrubbish\n'.encode()
    )
    return folder / name


@pytest.mark.parametrize("whole_folder", [True, False])
def test_hetrec_is_recognised_as_file_and_as_folder(tmp_path: Path, whole_folder: bool) -> None:
    path = hetrec(tmp_path)
    parsed = parse(tmp_path if whole_folder else path)
    assert parsed.kind == "lastfm-artist"
    assert rows(parsed) == [("2", "51", 13883.0, None), ("3", "53", 7.0, None)]
    assert parsed.columns("artist") == [('"Duran" Duran',), ("",)]
    assert reasons(parsed) == {"weight is not positive": (1, 3)}


def test_hetrec_is_recognised_under_another_name(tmp_path: Path) -> None:
    assert parse(hetrec(tmp_path, "renamed.csv")).format == "hetrec"


# errors


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty-file"),
        (b"hello\nworld\n", "unknown-format"),
        (b"user_id,plays\nu,1\n", "unknown-format"),
        (b"\x00\x01\x02" * 100, "unknown-format"),
        (b'{"user_id": "u", "track_id": "t"}\n', "unknown-format"),
        (b"user_id,track_id,plays\n", "no-rows"),
        (b"user_id,track_id,plays\nu,t\nu,t,x\n", "no-good-rows"),
    ],
)
def test_what_cannot_be_imported_is_one_clear_error(tmp_path: Path, content: bytes, code: str) -> None:
    with pytest.raises(InputError, match=r"listens\.csv") as caught:
        parse(tmp_path / "listens.csv", content)
    assert caught.value.code == code
    assert "\n" not in str(caught.value)


def test_all_bad_rows_are_named_by_reason_and_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="wrong number of columns: 1, first in line 2; weight is no number: 1, first in line 3"):
        parse(tmp_path / "a", "user_id,track_id,plays\nu,t\nu,t,x\n")


def test_a_missing_file_and_a_strange_folder_are_clear_errors(tmp_path: Path) -> None:
    for path, code in ((tmp_path / "none", "missing"), (tmp_path, "unknown-format")):
        with pytest.raises(InputError) as caught:
            recognise(path)
        assert caught.value.code == code


def test_progress_reaches_the_end(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text("user_id,track_id\nu,t\n")
    calls: list[tuple[int, int]] = []
    parse(path, progress=lambda done, total: calls.append((done, total)))
    assert calls[-1] == (21, 21)
