"""Entry point: run a command; what the user can mend becomes one line on stderr and exit code 1."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from data.errors import InputError
from recsys.cli import (  # noqa: F401  (each registers its commands)
    benchmark,
    compose,
    demo,
    evaluate,
    evaluate_compose,
    library,
    listens,
    lists,
    models,
    pictures,
    purge,
    recommend,
    tags,
    tune,
    vectors,
)
from recsys.cli.app import app
from recsys.cli.ending import Ended, ending_on_signals
from recsys.cli.output import printable


def main(args: Sequence[str] | None = None) -> None:
    """Run `recsys ARGS` (default: the process's own) and exit: 0 done, 1 error, 2 usage, 3 partial with failures listed."""
    if sys.stdout is None:  # closed by the caller (`>&-`): the answer goes nowhere, which is no error
        sys.stdout = open(os.devnull, "w")  # noqa: PTH123, SIM115
    try:
        with ending_on_signals():
            app(args=list(args) if args is not None else None, prog_name="recsys")
    except InputError as error:
        _fail(str(error))
    except Ended as end:
        sys.stderr.write("recsys: ended; what was finished is kept, the same command goes on from there\n")
        sys.exit(end.code)
    except BrokenPipeError:
        # The reader of our output went away (`recsys ... | head`): no message, and none from the interpreter's exit either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except OSError as error:
        # What the disk or its permissions refuse is for the user to mend, wherever it comes up.
        if error.strerror is None:
            raise
        _fail(f"{error.filename}: {error.strerror}" if error.filename else error.strerror)


def _fail(message: str) -> None:
    # One line: of a message that also draws (a notation, indented, and a caret below) the sentence above the drawing; a line
    # break in a file's name is no end.
    sentence = message.split("\n  ", maxsplit=1)[0].strip("\n").replace("\n", "\\n")
    sys.stderr.write(f"recsys: {printable(sentence)}\n")
    sys.exit(1)
