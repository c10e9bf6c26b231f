"""`python -m benchmarks [SECTION...]`: speeds as ratios to named references in the same run.

CPU time and one thread where nothing else is said; medians of interleaved runs. Nothing here fails by being slow.
"""

from __future__ import annotations

import os

for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_variable] = "1"

import importlib
import sys
import tempfile
from pathlib import Path

SECTIONS = ("decode", "features", "extraction", "memory", "step", "scoring", "answers", "histories")


def main(names: list[str]) -> None:
    """Run the sections `names`, or all, each in a folder of its own that is gone afterwards."""
    unknown = [name for name in names if name not in SECTIONS]
    if unknown:
        sys.exit(f"unknown section {unknown[0]!r}; there are: {' '.join(SECTIONS)}")
    for name in names or SECTIONS:
        with tempfile.TemporaryDirectory() as scratch:
            importlib.import_module(f"benchmarks.{name}").run(Path(scratch))


if __name__ == "__main__":
    main(sys.argv[1:])
