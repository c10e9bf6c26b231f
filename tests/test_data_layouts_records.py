"""Records of a CSV file: cells with line breaks, and broken records that cost no good one."""

from __future__ import annotations

import csv
import io

from hypothesis import given
from hypothesis import strategies as st

from data.layouts.records import read_records


def records(text: str, width: int = 3) -> list[tuple[int, list[str] | None]]:
    return list(read_records(io.StringIO(text, newline=""), width))


def test_a_cell_may_hold_line_breaks_and_the_next_record_knows_its_line() -> None:
    assert records('1,"a\nb\nc",x\n2,b,y\n') == [(1, ["1", "a\nb\nc", "x"]), (4, ["2", "b", "y"])]


def test_a_quotation_mark_that_is_never_closed_costs_its_line_alone() -> None:
    assert records('1,"a,x\n2,b,y\n3,c,z\n') == [(1, None), (2, ["2", "b", "y"]), (3, ["3", "c", "z"])]


def test_a_quotation_mark_that_the_next_one_seems_to_close_costs_its_line_alone() -> None:
    assert records('1,"a,x\n2,"b",y\n3,"c",z\n') == [(1, None), (2, ["2", "b", "y"]), (3, ["3", "c", "z"])]


def test_a_wrong_number_of_cells_costs_its_record() -> None:
    assert records("1,a\n2,b,y\n3,c,z,z\n4,d,w") == [(1, None), (2, ["2", "b", "y"]), (3, None), (4, ["4", "d", "w"])]


def test_an_open_cell_longer_than_the_limit_is_given_up() -> None:
    rows = [f"{n},{'b' * 1000},y" for n in range(300)]
    found = records('x,"a,x\n' + "\n".join(rows) + "\n")
    assert [cells is None for _, cells in found] == [True] + [False] * 300


@given(st.lists(st.tuples(st.text("a,\"\n\r b'"), st.text("a,\"\n; b'"), st.just("end"))))
def test_what_csv_writes_is_read_back(rows: list[tuple[str, str, str]]) -> None:
    file = io.StringIO(newline="")
    csv.writer(file).writerows(rows)
    assert [cells for _, cells in records(file.getvalue())] == [list(row) for row in rows]
