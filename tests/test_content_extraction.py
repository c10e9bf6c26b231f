"""Many songs to hyper-images: every song is answered for, whatever its file does to the worker."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import soundfile as sf

from content import extraction
from content.cache import CachedImages, HyperImageCache
from content.extraction import Job, extract, extract_one
from content.spec import HyperImageSpec
from data.errors import InputError

SPEC = HyperImageSpec()


@pytest.fixture
def cache(tmp_path):
    return HyperImageCache(tmp_path / "images", SPEC)


@pytest.fixture
def jobs(tmp_path):
    """Ten songs of a second each, and one that is text."""
    jobs = []
    rng = np.random.default_rng(0)
    for i in range(10):
        sf.write(tmp_path / f"{i}.wav", 0.1 * rng.standard_normal(22050), 22050)
        jobs.append(Job(str(tmp_path / f"{i}.wav"), 1.0, f"{i:02d}aa"))
    (tmp_path / "text.wav").write_text("no sound here")
    return [*jobs, Job(str(tmp_path / "text.wav"), 1.0, "ffff")]


def run(jobs, cache, workers, time_limit=60.0):
    answers = {}
    extract(
        jobs,
        cache,
        workers=workers,
        time_limit=time_limit,
        on_done=lambda job, failure: answers.__setitem__(job.content_hash, failure),
    )
    return answers


def test_every_song_is_answered_for_and_the_bad_one_names_its_reason(jobs, cache):
    answers = run(jobs, cache, workers=1)
    assert len(answers) == 11
    assert answers.pop("ffff").code == "not-audio"
    assert not any(answers.values())
    assert cache.load("03aa").shape == (1 + 22050 // 512, SPEC.n_rows)


def test_other_processes_give_the_same_bytes_as_this_one(jobs, cache, tmp_path):
    run(jobs, cache, workers=1, time_limit=None)
    other = HyperImageCache(tmp_path / "other", SPEC)
    answers = run(jobs, other, workers=2)
    assert sum(failure is None for failure in answers.values()) == 10
    for job in jobs[:-1]:
        np.testing.assert_array_equal(cache.load(job.content_hash), other.load(job.content_hash))


def test_what_is_there_is_not_computed_again(jobs, cache, monkeypatch):
    run(jobs[:-1], cache, workers=1)
    monkeypatch.setattr(extraction, "extract_one", lambda *_: pytest.fail("computed again"))
    assert len(run(jobs[:-1], cache, workers=1)) == 10


def _odd(job, cache):
    if job.content_hash == "05aa":
        os.kill(os.getpid(), signal.SIGKILL)
    if job.content_hash == "06aa":
        time.sleep(60)
    return extract_one(job, cache)


def test_a_song_that_kills_its_worker_and_one_that_hangs_cost_only_themselves(jobs, cache, monkeypatch):
    monkeypatch.setattr(extraction, "extract_one", _odd)
    answers = run(jobs, cache, workers=2, time_limit=5.0)
    assert len(answers) == 11
    assert (answers.pop("05aa").code, answers.pop("06aa").code) == ("decoder-crash", "time-limit")
    assert sum(failure is None for failure in answers.values()) == 8


def _hungry(*_):
    raise MemoryError


def test_a_song_too_large_for_the_memory_is_named(jobs, cache, monkeypatch):
    monkeypatch.setattr(extraction, "decode", _hungry)
    answers = run(jobs[:1], cache, workers=1, time_limit=None)
    assert answers["00aa"].code == "memory"


def test_an_image_of_another_spec_is_another_image(cache, tmp_path):
    cache.store("aabb", np.zeros((3, SPEC.n_rows), np.uint8))
    assert not HyperImageCache(tmp_path / "images", HyperImageSpec(hop_length=256)).has("aabb")


def test_a_damaged_image_is_named(cache):
    cache.store("aabb", np.zeros((3, SPEC.n_rows), np.uint8))
    (path,) = cache.folder.glob("aa/*.npy")
    path.write_bytes(path.read_bytes()[:20])
    with pytest.raises(InputError, match="aabb"):
        cache.load("aabb")


def test_cached_images_are_a_sequence_of_maps(cache):
    for value in (1, 2, 3):
        cache.store(f"{value}{value}", np.full((2, SPEC.n_rows), value, np.uint8))
    images = CachedImages(cache, ["11", "22", "33"])
    assert [int(image[0, 0]) for image in images] == [1, 2, 3]
    assert len(images[1:]) == 2


def test_extraction_imports_neither_librosa_nor_numba_nor_torch(jobs, tmp_path):
    program = """
import sys
from pathlib import Path
from content.cache import HyperImageCache
from content.extraction import Job, extract_one
from content.spec import HyperImageSpec
assert extract_one(Job(sys.argv[1], 1.0, "aa"), HyperImageCache(Path(sys.argv[2]), HyperImageSpec())) is None
print(sorted({"librosa", "numba", "torch", "pandas", "av"} & set(sys.modules)))
"""
    done = subprocess.run(
        [sys.executable, "-c", program, jobs[0].path, tmp_path / "x"], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"
