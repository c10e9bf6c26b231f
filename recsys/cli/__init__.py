"""The command line: thin; every command calls one function of `recsys.steps`."""

from __future__ import annotations

import sys
from collections.abc import Sequence


def main(args: Sequence[str] | None = None) -> None:
    """Run `recsys ARGS` (default: the process's own) and exit; see `recsys.cli.entry`."""
    try:
        from recsys.cli.entry import main as run
    except KeyboardInterrupt:  # Ctrl-C while the program is still loading
        sys.exit(130)
    run(args)


__all__ = ["main"]
