"""The command line: thin; every command calls one function of `recsys.steps`."""

from recsys.cli.main import main

__all__ = ["main"]
