"""The disk is full: one sentence, nothing damaged, and with some space freed the same command ends as ever."""

from __future__ import annotations

import resource
import shutil
import subprocess
import sys

import pytest
from conftest import ROOT
from killing import contents
from small_disk import small_disk

STAGES = ("scan", "import", "extraction", "training", "hybrid")
SLACK = 4 * 2**20  # what a temporary copy of the largest file may need besides


@pytest.fixture
def disk(tmp_path):
    with small_disk(tmp_path / "disk", 32) as found:
        if found is None:
            pytest.skip("this machine lets us mount no disk of our own (unshare -rm)")
        yield found


def size_of(folder):
    return sum(-(-path.stat().st_size // 4096) * 4096 for path in folder.rglob("*") if path.is_file())


def assert_says_so(ran):
    assert ran.returncode == 1, ran.stderr
    assert "Traceback" not in ran.stderr
    (line,) = [line for line in ran.stderr.splitlines() if line.startswith("recsys:")]
    assert "no space left" in line.lower()


def fill_and_go_on(disk, stage, leave, scratch):
    """Run a stage with `leave` bytes free, then with enough; whether the first was refused."""
    disk.put(stage.before)
    disk.fill(leave)
    ran = disk.recsys(*stage.args)
    if ran.returncode not in (0, 3):
        assert_says_so(ran)
    looked = disk.recsys("failed", "--json")  # readers go on, also while the disk is full
    assert looked.returncode == 0 or "there is no workspace" in looked.stderr or "no space left" in looked.stderr, looked.stderr
    disk.empty()
    again = disk.recsys(*stage.args)
    assert again.returncode in (0, 3), again.stderr
    wanted, found = contents(stage.after), contents(disk.take(scratch / "taken"))
    assert sorted(name for name in wanted.keys() | found.keys() if wanted.get(name) != found.get(name)) == []
    return ran.returncode == 1


@pytest.mark.parametrize("name", [pytest.param(name, marks=pytest.mark.slow) if name == "training" else name for name in STAGES])
def test_a_full_disk_is_one_sentence_and_nothing_is_lost(stages, disk, tmp_path, name):
    stage = next(stage for stage in stages if stage.name == name)
    assert fill_and_go_on(disk, stage, 0, tmp_path)


def test_an_array_that_is_cut_short_by_a_full_disk_is_one_sentence(stages, disk, tmp_path):
    hybrid = stages[-1]
    assert fill_and_go_on(disk, hybrid, (size_of(hybrid.after) - size_of(hybrid.before)) // 2, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("share", [0.05, 0.2, 0.5, 0.8, 0.95])
@pytest.mark.parametrize("name", STAGES)
def test_a_disk_that_fills_on_the_way_loses_nothing(stages, disk, tmp_path, name, share):
    stage = next(stage for stage in stages if stage.name == name)
    needed = max(0, size_of(stage.after) - size_of(stage.before))
    fill_and_go_on(disk, stage, int(share * needed), tmp_path)


def test_a_report_that_finds_no_space_is_one_sentence(stages, disk):
    evaluate = ("evaluate", "recommenders", "--splits", "warm", "--seeds", 1)
    disk.put(stages[-1].after)
    disk.fill(0)
    assert_says_so(disk.recsys(*evaluate))
    assert disk.recsys("recommend", "--user", "x").returncode == 0
    disk.empty()
    assert disk.recsys(*evaluate).returncode == 0
    assert disk.run("test", "-s", disk.where / "w" / "reports" / "report.html").returncode == 0


@pytest.mark.parametrize("name", ["import", "extraction", "hybrid"])
def test_a_limit_on_the_size_of_files_is_one_sentence_too(stages, tmp_path, name):
    stage = next(stage for stage in stages if stage.name == name)
    workspace = shutil.copytree(stage.before, tmp_path / "w")
    command = [sys.executable, "-m", "recsys", "-w", str(workspace), *map(str, stage.args)]

    def limited():
        resource.setrlimit(resource.RLIMIT_FSIZE, (400, resource.RLIM_INFINITY))

    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, preexec_fn=limited)
    assert "Traceback" not in ran.stderr
    assert ran.returncode == 1
    assert len([line for line in ran.stderr.splitlines() if line.startswith("recsys:")]) == 1
    again = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert again.returncode in (0, 3)
    assert contents(workspace) == contents(stage.after)
