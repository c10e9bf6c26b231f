"""A disk of a few megabytes that a test may fill: a tmpfs in a mount namespace of its own, so that no right is needed."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from conftest import ROOT

FILLER = "filler"
_FILL = """
import os, sys
place = os.statvfs(sys.argv[1])
leave = int(sys.argv[2])
with open(sys.argv[1] + "/filler", "wb", buffering=0) as file:
    left = place.f_bavail * place.f_frsize - leave
    while left > 0:
        left -= file.write(bytes(min(left, 1 << 16)))
"""


@dataclass(frozen=True)
class SmallDisk:
    """A mounted disk that only commands run by `run` see."""

    where: Path
    holder: int

    def run(self, *command: object) -> subprocess.CompletedProcess[str]:
        """Run a command that sees the disk."""
        inside = ["nsenter", "-t", str(self.holder), "-U", "-m", "--preserve-credentials", "--wd=" + str(ROOT)]
        return subprocess.run([*inside, *map(str, command)], capture_output=True, text=True, check=False, timeout=300)

    def recsys(self, *args: object) -> subprocess.CompletedProcess[str]:
        """`recsys -w WORKSPACE ARGS`, with the workspace on the disk."""
        return self.run(sys.executable, "-m", "recsys", "-w", self.where / "w", *args)

    def put(self, folder: Path) -> None:
        """Copy a workspace onto the disk."""
        assert self.run("cp", "-a", folder, self.where / "w").returncode == 0

    def take(self, folder: Path) -> Path:
        """Copy the workspace from the disk to `folder`."""
        assert self.run("cp", "-a", self.where / "w", folder).returncode == 0
        return folder

    def fill(self, leave: int) -> None:
        """Fill the disk up to `leave` bytes."""
        ran = self.run(sys.executable, "-c", _FILL, self.where, leave)
        assert ran.returncode == 0, ran.stderr

    def empty(self) -> None:
        """Take the filling away."""
        self.run("rm", "-f", self.where / FILLER)


@contextlib.contextmanager
def small_disk(where: Path, megabytes: int) -> Iterator[SmallDisk | None]:
    """Mount a disk at `where`; None where this machine does not let us."""
    if not (shutil.which("unshare") and shutil.which("nsenter")):
        yield None
        return
    where.mkdir()
    script = f"mount -t tmpfs -o size={megabytes}m tmpfs '{where}' && echo mounted && exec cat"
    pipe = subprocess.PIPE
    command = ["unshare", "-rm", "sh", "-c", script]
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True) as holder:
        try:
            assert holder.stdin is not None
            assert holder.stdout is not None
            disk = SmallDisk(where, holder.pid)
            mounted = holder.stdout.readline().strip() == "mounted"
            yield disk if mounted and disk.run("true").returncode == 0 else None
        finally:
            holder.kill()
