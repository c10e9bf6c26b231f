"""Work in processes of its own: whatever one piece does, it costs that piece alone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import closing

import pytest
from conftest import ROOT
from worker_processes import assert_ends_with_its_parent

from data.errors import InputError
from data.guarded import AHEAD_IN_ORDER, Guard, Lost, guard_of, guarded


def odd(number: int) -> int:
    """A piece of work: 3 hangs, 5 kills its process, 7 is refused, 9 is a bug; any other is doubled."""
    if number == 3:
        time.sleep(60)
    if number == 5:
        os.kill(os.getpid(), signal.SIGSEGV)
    if number == 7:
        raise InputError("7 is refused", code="seven")
    if number == 9:
        raise ZeroDivisionError
    return 2 * number


def slow_first(number: int) -> int:
    time.sleep(0.3 if number == 0 else 0)
    return number


def answers(numbers, guard, *, in_order):
    with closing(guarded(odd, [(number,) for number in numbers], guard, in_order=in_order)) as found:
        return dict(found)


@pytest.mark.parametrize("in_order", [True, False])
def test_a_hang_and_a_crash_cost_only_themselves(in_order):
    numbers = [0, 1, 2, 3, 4, 5, 6, 8, 10, 11, 12]
    found = answers(numbers, Guard(2, 1.0), in_order=in_order)
    assert sorted(found) == list(range(len(numbers)))
    lost = {numbers[at]: answer.code for at, answer in found.items() if isinstance(answer, Lost)}
    assert lost == {3: "time-limit", 5: "decoder-crash"}
    assert all(answer == 2 * numbers[at] for at, answer in found.items() if not isinstance(answer, Lost))


def test_what_is_lost_says_what_it_was_and_how_to_mend_it():
    found = answers([3, 5], Guard(1, 0.5), in_order=True)
    assert "3 takes longer than 0.5 s" in found[0].reason
    assert "--time-limit" in found[0].hint
    assert "5 crashes" in found[1].reason


def test_in_order_a_fast_one_waits_for_a_slow_one():
    with closing(guarded(slow_first, [(number,) for number in range(8)], Guard(2), in_order=True)) as found:
        assert [number for number, _ in found] == list(range(8))


@pytest.mark.parametrize(("number", "error"), [(7, InputError), (9, ZeroDivisionError)])
def test_what_the_work_raises_is_raised_here(number, error):
    with pytest.raises(error):
        answers([1, number], Guard(1), in_order=True)


def test_tasks_are_taken_as_they_are_needed():
    taken = []

    def tasks():
        for number in range(10 * AHEAD_IN_ORDER):
            taken.append(number)
            yield (number * 100,)

    with closing(guarded(slow_first, tasks(), Guard(1), in_order=True)) as found:
        next(found)
        assert len(taken) <= AHEAD_IN_ORDER + 1


@pytest.mark.parametrize(("workers", "limit"), [(0, 1.0), (1, 0.0), (1, -1.0), (1, float("nan")), (1, float("inf"))])
def test_a_guard_without_processes_or_time_is_refused(workers, limit):
    with pytest.raises(InputError, match="workers="):
        guard_of(workers, limit)


@pytest.mark.skipif(not os.path.isdir("/proc"), reason="looks at /proc")  # noqa: PTH112
def test_processes_end_when_their_parent_is_killed():
    program = (
        "from test_data_guarded import sleepy\n"
        "from data.guarded import Guard, guarded\n"
        "if __name__ == '__main__':\n"
        "    list(guarded(sleepy, [(1,)], Guard(1), in_order=True))\n"
    )
    environment = os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}"}
    parent = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, env=environment)
    assert_ends_with_its_parent(parent)


def sleepy(_number: int) -> None:
    print(os.getpid(), flush=True)
    time.sleep(60)
