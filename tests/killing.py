"""Commands killed at random moments, and workspaces compared byte by byte; shared by the tests of that."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from conftest import ROOT

# Moments and durations are of the run, not of the result: the only things that two unbroken runs do not agree on.
TIMES_IN_TABLES = ("time", "added", "updated", "seconds")
TIMES_IN_LOGS = ("seconds", "snippets_per_second")
DATABASE = "catalogue.sqlite"
NOT_COMPARED = {"lock", f"{DATABASE}-wal", f"{DATABASE}-shm"}  # SQLite's log is part of what is dumped


class Stage(NamedTuple):
    """One command of the chain; how long it takes unbroken, s, from its state before (a folder) to its state after."""

    name: str
    args: tuple[object, ...]
    seconds: float
    before: Path
    after: Path


def start(*args: object) -> subprocess.Popen[bytes]:
    """`recsys ARGS` in a process group of its own."""
    command = [sys.executable, "-m", "recsys", *map(str, args)]
    quiet = subprocess.DEVNULL
    return subprocess.Popen(command, stdout=quiet, stderr=quiet, start_new_session=True, cwd=ROOT)


def kill(process: subprocess.Popen[bytes]) -> None:
    """SIGKILL to the process, its workers and all."""
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def killed_when(process: subprocess.Popen[bytes], condition: Callable[[], bool], *, patience: float = 60.0) -> bool:
    """SIGKILL as soon as `condition()` holds; False if the process ended before."""
    deadline = time.monotonic() + patience
    while process.poll() is None and time.monotonic() < deadline:
        if condition():
            kill(process)
            return True
        time.sleep(0.005)
    process.wait()
    return False


def killed_after(process: subprocess.Popen[bytes], seconds: float) -> bool:
    """SIGKILL after `seconds`; False if the process ended before."""
    end = time.monotonic() + seconds
    return killed_when(process, lambda: time.monotonic() >= end)


def run(*args: object) -> int:
    """Exit code of an unbroken run."""
    return start(*args).wait(timeout=300)


def contents(workspace: Path) -> dict[str, object]:
    """What a workspace holds: a hash a file, and the rows of its database, without times."""
    files = {
        str(path.relative_to(workspace)): hashlib.blake2b(_bytes_of(path), digest_size=8).hexdigest()
        for path in sorted(workspace.rglob("*"))
        if path.is_file() and path.name not in {*NOT_COMPARED, DATABASE}
    }
    return files | rows_of(workspace / DATABASE)


def _bytes_of(path: Path) -> bytes:
    """A file's bytes; of the log of epochs all but how long each took."""
    if path.name != "metrics.jsonl":
        return path.read_bytes()
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return json.dumps([{key: value for key, value in line.items() if key not in TIMES_IN_LOGS} for line in lines]).encode()


def rows_of(database: Path) -> dict[str, object]:
    """All rows of all tables, sorted, without the columns that hold a time of the run."""
    if not database.exists():
        return {}
    db = sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)
    try:
        tables = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
        found: dict[str, object] = {"schema of the database": sorted(db.execute("SELECT name, sql FROM sqlite_master"))}
        for table in tables:
            columns = [row[1] for row in db.execute(f"PRAGMA table_info({table})") if row[1] not in TIMES_IN_TABLES]
            found[f"table {table}"] = sorted(map(repr, db.execute(f"SELECT {', '.join(columns)} FROM {table}")))
    finally:
        db.close()
    return found


def unbroken(folder: Path, commands: list[tuple[str, tuple[object, ...]]]) -> list[Stage]:
    """Run the chain once, keep the workspace before and after each command, and measure it."""
    workspace, stages = folder / "unbroken", []
    before = folder / "before-0"
    before.mkdir(parents=True)
    for number, (name, args) in enumerate(commands, start=1):
        begin = time.monotonic()
        assert run("-w", workspace, *args) in (0, 3), name
        after = Path(shutil.copytree(workspace, folder / f"before-{number}"))
        stages.append(Stage(name, args, time.monotonic() - begin, before, after))
        before = after
    return stages


class Outcome(NamedTuple):
    """How often the stages were killed, and by what share of the stage's duration."""

    kills: dict[str, list[float]]

    @property
    def number(self) -> int:
        return sum(map(len, self.kills.values()))


def kill_at_random(stages: list[Stage], scratch: Path, kills: int, seed: int, *, in_a_row: int = 1) -> Outcome:
    """Kill the stages in turn until there were `kills`; after each look whether the workspace opens.

    The moments are spread evenly over each stage's duration. A workspace is killed up to `in_a_row` times before
    the run that must end as the unbroken one did.
    """
    rng = np.random.default_rng(seed)
    done: dict[str, list[float]] = {stage.name: [] for stage in stages}
    rounds = 0
    while sum(map(len, done.values())) < kills:
        stage = min(stages, key=lambda one: len(done[one.name]))
        rounds += 1
        assert rounds < 10 * kills + 40, f"the commands end before they can be killed: {done}"
        workspace = scratch / "killed"
        shutil.rmtree(workspace, ignore_errors=True)
        shutil.copytree(stage.before, workspace)
        for _ in range(in_a_row):
            if sum(map(len, done.values())) >= kills:
                break
            share = float(rng.random())
            if not killed_after(start("-w", workspace, *stage.args), share * stage.seconds):
                break  # it had ended: then it must have ended well, which the next run shows
            done[stage.name].append(share)
            assert opens(workspace), (stage.name, share)
        assert run("-w", workspace, *stage.args) in (0, 3), (stage.name, done[stage.name][-3:])
        wanted, found = contents(stage.after), contents(workspace)
        differ = sorted(name for name in wanted.keys() | found.keys() if wanted.get(name) != found.get(name))
        assert not differ, (stage.name, done[stage.name][-3:], differ)
    return Outcome(done)


def opens(workspace: Path) -> bool:
    """Whether the failure ledger can be read, or there is no workspace yet."""
    command = [sys.executable, "-m", "recsys", "-w", str(workspace), "failed", "--json"]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    return ran.returncode == 0 or (ran.returncode == 1 and "there is no workspace" in ran.stderr)
