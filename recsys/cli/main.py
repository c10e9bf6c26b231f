"""Entry point: run a command; what the user can mend becomes one line on stderr and exit code 1."""

from __future__ import annotations

import errno
import os
import sqlite3
import sys
from collections.abc import Sequence

from data.errors import InputError
from recsys.cli import demo, evaluate, library, lists, models  # noqa: F401  (each registers its commands)
from recsys.cli.app import app

FULL = "the disk is full. Free some space and run the command again; nothing finished is lost"


def main(args: Sequence[str] | None = None) -> None:
    """Run `recsys ARGS` (default: the process's own) and exit: 0 done, 1 error, 2 usage, 3 partial with failures listed."""
    try:
        app(args=list(args) if args is not None else None, prog_name="recsys")
    except InputError as error:
        _fail(str(error))
    except BrokenPipeError:
        # The reader of our output went away (`recsys ... | head`): no message, and none from the interpreter's exit either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        _fail(FULL)
    except sqlite3.OperationalError as error:
        if "full" not in str(error) and "readonly" not in str(error) and "unable to open" not in str(error):
            raise
        _fail(FULL if "full" in str(error) else f"the catalogue cannot be written: {error}")


def _fail(message: str) -> None:
    # One line: of a message that also draws (a caret below a notation) the sentence above the drawing.
    sys.stderr.write(f"recsys: {message.splitlines()[0]}\n")
    sys.exit(1)
