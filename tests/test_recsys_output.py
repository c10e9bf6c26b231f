"""What the command line says of its work."""

from __future__ import annotations

from typing import Any

import pytest

from recsys.cli.output import TerminalReport
from recsys.cli.tune import print_trials


def test_work_at_one_go_is_done_and_not_none_of_none(capsys: pytest.CaptureFixture[str]) -> None:
    with TerminalReport().task("training ease"):
        pass
    assert capsys.readouterr().err.startswith("training ease: done in ")


def test_work_in_pieces_says_how_many(capsys: pytest.CaptureFixture[str]) -> None:
    with TerminalReport().task("training als") as progress:
        progress(15, 15)
    assert capsys.readouterr().err.startswith("training als: 15/15 in ")


@pytest.mark.parametrize(("number", "title"), [(1, "ease: 1 trial"), (2, "ease: 2 trials")])
def test_the_title_counts_trials(capsys: pytest.CaptureFixture[str], number: int, title: str) -> None:
    trial: dict[str, Any] = {"number": 0, "values": {}, "figures": {"warm": 0.5}, "gain": 0.0, "error": None, "seconds": 0.1}
    print_trials({"engine": "ease", "defaults": trial, "best": [], "trials": [trial] * number})
    assert capsys.readouterr().out.splitlines()[0].rstrip() == title
