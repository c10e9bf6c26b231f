"""Work on strangers' files in processes of its own: a file that hangs or crashes one there costs itself and nothing else."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from data.errors import InputError
from data.processes import fresh_processes, start_worker

if TYPE_CHECKING:
    from pebble import ProcessPool

TIME_LIMIT_S = 120.0  # a file; the slowest healthy ones, hours of sound that must be decoded from their beginning, take a minute
AHEAD = 4  # pieces of work a process that are handed out; bounded, so that memory does not grow with the library
AHEAD_IN_ORDER = 256  # in all, where answers are wanted in order: so many go on while one hangs
_MOST_BREAKS = 3  # a pool that breaks so often without an answer in between will not get better

Answer = TypeVar("Answer")
Task = tuple[Any, ...]


class Guard(NamedTuple):
    """How strangers' files are read: in `workers` processes, each file within `time_limit` seconds."""

    workers: int
    time_limit: float = TIME_LIMIT_S

    def of_size(self, tasks: int, worth: int) -> Guard:
        """The same with no more processes than pay off for so many tasks, each process being `worth` of them."""
        return self._replace(workers=min(self.workers, 1 + tasks // worth))


class Lost(NamedTuple):
    """Work that has no answer: code "time-limit" or "decoder-crash", and what to do in words."""

    code: str
    reason: str
    hint: str


def guard_of(workers: int, time_limit: float) -> Guard:
    """A checked guard. Raises InputError unless there is a process or more and time in (0, a week]."""
    if workers < 1 or not 0 < time_limit <= 604_800:
        raise InputError(f"workers={workers} must be 1 or more, time_limit={time_limit} s more than 0 and at most a week")
    return Guard(workers, time_limit)


def guarded(
    work: Callable[..., Answer], tasks: Iterable[Task], guard: Guard, *, in_order: bool
) -> Generator[tuple[int, Answer | Lost], None, None]:
    """Do `work(*task)` in the guard's processes; yields (number of the task, its answer, or what became of it).

    Close the iterator (`contextlib.closing`) where it may be left early: that ends the processes, too.

    Parameters
    ----------
    work : of a module, so that another process finds it; what it raises is raised here.
    in_order : answers come in the order of `tasks`, else in that of completion.
    """
    ahead = AHEAD_IN_ORDER if in_order else AHEAD * guard.workers
    waiting = iter(enumerate(tasks))
    again: deque[tuple[int, Task]] = deque()  # handed out to a pool that broke
    running: dict[Future[Any], tuple[int, Task]] = {}
    breaks = 0
    pool = _pool(guard)
    try:
        while True:
            while again or len(running) < ahead:
                item = again.popleft() if again else next(waiting, None)
                if item is None:
                    break
                running[pool.schedule(work, item[1], timeout=guard.time_limit)] = item
            if not running:
                return
            ready = wait(islice(running, 1) if in_order else running, return_when=FIRST_COMPLETED).done
            if any(isinstance(future.exception(), BrokenProcessPool) for future in ready):
                # A process died while it had no task, so that none is to blame.
                breaks += 1
                if breaks > _MOST_BREAKS:
                    raise next(iter(ready)).exception() or BrokenProcessPool
                _end(pool)
                answered = {future: item for future, item in running.items() if _has_answer(future)}
                again.extend(item for future, item in running.items() if future not in answered)
                running = answered
                pool = _pool(guard)
                continue
            for future in ready:
                number, task = running.pop(future)
                breaks = 0
                yield number, _outcome(future, str(task[0]), guard)
    finally:
        _end(pool)


@contextmanager
def guarded_calls(work: Callable[..., Answer], guard: Guard) -> Iterator[Callable[..., Answer | Lost]]:
    """`work` as a function that is called one by one, in one process that starts with the first call."""
    pools: list[ProcessPool] = []

    def call(*task: Any) -> Answer | Lost:
        if not pools:
            pools.append(_pool(guard._replace(workers=1)))
        future = pools[0].schedule(work, task, timeout=guard.time_limit)
        wait([future])
        if isinstance(future.exception(), BrokenProcessPool):  # it died while it had no task
            _end(pools.pop())
            return call(*task)
        answer: Answer | Lost = _outcome(future, str(task[0]), guard)
        return answer

    try:
        yield call
    finally:
        for pool in pools:
            _end(pool)


def _pool(guard: Guard) -> ProcessPool:
    from pebble import ProcessPool

    return ProcessPool(guard.workers, context=fresh_processes(), initializer=start_worker, initargs=(None, ()))


def _end(pool: ProcessPool) -> None:
    pool.stop()  # type: ignore[no-untyped-call]
    pool.join()


def _has_answer(future: Future[Any]) -> bool:
    return future.done() and not isinstance(future.exception(), BrokenProcessPool)


def _outcome(future: Future[Any], what: str, guard: Guard) -> Any:
    """The work's answer, or what became of it. Raises what the work raised."""
    from pebble import ProcessExpired

    error = future.exception()
    # (A network drive may raise an error of the same class while the work is done: then `args` are others.)
    if isinstance(error, TimeoutError) and error.args[:1] == ("Task timeout",):
        reason = f"{what} takes longer than {guard.time_limit:g} s to read"
        return Lost("time-limit", reason, "Encode it again; or `recsys failed --retry`, and allow more with --time-limit")
    if isinstance(error, ProcessExpired):
        return Lost("decoder-crash", f"{what} crashes the decoder (exit code {error.exitcode})", "Encode it again")
    return future.result()
