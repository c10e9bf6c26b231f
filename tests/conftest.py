"""Shared by all tests: where the data sets lie, and signals with known properties."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

# One thread a process: the tests run in parallel, and threads of several processes on few cores wait for each other.
for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_variable, "1")

import numpy as np  # noqa: E402  (reads the variables above)
import pytest  # noqa: E402
from filelock import FileLock  # noqa: E402

from data.catalogue import Catalogue  # noqa: E402

ROOT = Path(__file__).resolve().parent.parent
SAMPLE_RATE = 22050


@pytest.fixture(scope="session")
def datasets() -> Path:
    """The folder of real data sets; tests that need it skip where it is absent."""
    folder = Path(os.environ.get("RECSYS_DATASETS", ROOT.parent / "shared" / "datasets"))
    if not folder.is_dir():
        pytest.skip(f"no data sets at {folder} (set RECSYS_DATASETS)")
    return folder


@pytest.fixture(scope="session")
def music() -> np.ndarray:
    """Ten seconds that have pitch, beat and noise, float64 (n,), 22,050 Hz, mono."""
    rng = np.random.default_rng(7)
    t = np.arange(10 * SAMPLE_RATE) / SAMPLE_RATE
    chord = sum(np.sin(2 * np.pi * f * t * (1 + 0.25 * (t > 5))) / (i + 1) for i, f in enumerate((220.0, 277.2, 329.6, 880.0)))
    beat = np.exp(-12.0 * (t % 0.5)) * rng.standard_normal(len(t))
    y: np.ndarray = 0.1 * chord + 0.2 * beat
    return y


@pytest.fixture
def catalogue(tmp_path: Path) -> Iterator[Catalogue]:
    """An empty catalogue, open for writing."""
    with Catalogue.open(tmp_path / "c.sqlite", create=True) as opened:
        yield opened


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """An empty folder for music."""
    (tmp_path / "music").mkdir()
    return tmp_path / "music"


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all test processes of one run share; guard what is made in it by `once`."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base


@pytest.fixture(scope="session")
def worker_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of this test process alone."""
    return tmp_path_factory.mktemp("worker")


@contextlib.contextmanager
def once(marker: Path) -> Iterator[bool]:
    """True for the first process that comes, which makes the thing; the others wait until it is made and get False."""
    with FileLock(marker.with_suffix(".lock")):
        first = not marker.exists()
        yield first
        if first:
            marker.touch()


@pytest.fixture(scope="session")
def world(shared_folder: Path) -> Path:
    """A small composed world: 45 songs of 6 s, 60 listeners."""
    from data.world.world import WorldSpec, compose_world

    folder = shared_folder / "world"
    with once(shared_folder / "world-made") as first:
        if first:
            compose_world(folder, WorldSpec(songs=45, listeners=60, seconds=6.0, songs_per_artist=2), workers=1)
    return folder


@pytest.fixture(scope="session")
def trained(shared_folder: Path, world: Path) -> Path:
    """A workspace of the small world with everything trained, briefly. Read only: copy it to change it."""
    from recsys.steps import content, hybrid, library, listens

    root = shared_folder / "trained"
    with once(shared_folder / "trained-made") as first:
        if first:
            library.scan(root, [world])
            listens.import_listens(root, [world / "listens.csv"])
            content.train_content(root, label="genre", start="scratch", epochs=2, workers=1)
            hybrid.train_hybrid(root)
    return root


@pytest.fixture
def workspace(trained: Path, tmp_path: Path) -> Path:
    """A copy of the trained workspace that a test may change."""
    return copied(trained, tmp_path / "workspace")


def copied(workspace: Path, place: Path) -> Path:
    """A copy of a workspace; the shipped encoder in it, 10 MB that are never written to, is the same file."""

    def copy(source: str, target: str) -> object:
        return (
            os.link(source, target) if "shipped" in source and source.endswith(".safetensors") else shutil.copy2(source, target)
        )

    return Path(shutil.copytree(workspace, place, copy_function=copy))


@pytest.fixture(scope="session")
def stages(shared_folder: Path, worker_folder: Path) -> list[Any]:
    """Scan, import, extraction with embedding, training and hybrid, on nine songs and a file that is none; run and measured."""
    from killing import unbroken

    from data.world.world import WorldSpec, compose_world

    music = shared_folder / "nine-songs"
    with once(shared_folder / "nine-songs-made") as first:
        if first:
            compose_world(music, WorldSpec(songs=9, listeners=20, seconds=2.0, songs_per_artist=1), workers=1)
            listed = (music / "tracks.csv").read_text(encoding="utf-8").splitlines()
            row = [cell if cell else "x" for cell in listed[1].split(",")]
            (music / "none.mp3").write_text("no song at all")
            row[:2] = ["none", "none.mp3"]
            (music / "tracks.csv").write_text("\n".join([*listed, ",".join(row)]) + "\n", encoding="utf-8")
    small = ("--from", "scratch", "--architecture", "IC(8,12,4)F(192)O", "--epochs", 3, "--seed", 1)
    commands = [
        ("scan", ("scan", music)),
        ("import", ("import-listens", music / "listens.csv")),
        ("extraction", ("embed", "--workers", 2)),
        ("training", ("train-content", *small, "--workers", 1)),
        ("hybrid", ("train-hybrid",)),
    ]
    return unbroken(worker_folder / "stages", commands)


class Ran(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What it printed, parsed."""
        return json.loads(self.out)


@pytest.fixture
def recsys(capfd: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    """Run `recsys ARGS` in this process and capture how it ends."""
    from recsys.cli import main

    def run(*args: object) -> Ran:
        capfd.readouterr()
        code = 0
        try:
            main([str(arg) for arg in args])
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else int(bool(end.code))
        out, err = capfd.readouterr()
        return Ran(code, out, err)

    return run
