"""Ctrl-C and SIGTERM: a command ends through all that must be tidied up, and says so in one line."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from typing import NoReturn

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Ended(SystemExit):
    """A signal asked the command to end; the exit code is 128 + its number, 130 or 143."""


@contextlib.contextmanager
def ending_on_signals() -> Iterator[None]:
    """Raise `Ended` where the command stands when a signal comes; the next one ends it at once. Afterwards all is as before.

    A program that was started to ignore Ctrl-C (`nohup`, a background job) goes on ignoring it.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in _SIGNALS}

    def end(number: int, _frame: object) -> NoReturn:
        for other in _SIGNALS:
            signal.signal(other, signal.SIG_DFL)
        raise Ended(128 + number)

    for number, handler in before.items():
        if handler is not signal.SIG_IGN:
            signal.signal(number, end)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
