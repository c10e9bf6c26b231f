"""Records that are added one by one and survive a kill."""

from __future__ import annotations

from pathlib import Path

import pytest

from data.errors import InputError
from data.json_lines import append_line, read_lines


def test_what_was_appended_is_read_in_order(tmp_path: Path) -> None:
    path = tmp_path / "new" / "lines.jsonl"
    records = [{"n": 1}, {"n": 2, "text": "ü\r\n"}]
    for record in records:
        append_line(path, record)
    assert read_lines(path) == records


def test_no_file_is_no_record(tmp_path: Path) -> None:
    assert read_lines(tmp_path / "none.jsonl") == []


def test_a_torn_last_line_is_dropped_at_every_length_and_the_next_stands_whole(tmp_path: Path) -> None:
    path = tmp_path / "lines.jsonl"
    append_line(path, {"n": 1})
    first = path.read_bytes()
    append_line(path, {"n": 2})
    whole = path.read_bytes()
    for cut in range(len(first), len(whole)):
        path.write_bytes(whole[:cut])
        assert read_lines(path) == [{"n": 1}]
        append_line(path, {"n": 3})
        assert read_lines(path) == [{"n": 1}, {"n": 3}]


@pytest.mark.parametrize("line", ["{", "[]", "3", "\x00"])
def test_another_line_that_is_no_object_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "lines.jsonl"
    path.write_text(f'{{"n": 1}}\n{line}\n{{"n": 2}}\n', encoding="utf-8")
    with pytest.raises(InputError, match=r"line 2 .*lines\.jsonl"):
        read_lines(path)
