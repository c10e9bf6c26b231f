"""The benchmarks' competitors compute the same, and each section runs on little; no times are tested."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest
from imported_rows import parse

from benchmarks import decode, histories, step, timing
from benchmarks.__main__ import SECTIONS, main

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from benchmarks import librosa_blocks


def test_the_competitors_of_the_features_give_the_same_blocks(music) -> None:
    ours = librosa_blocks.ours_same(music)
    for theirs in (librosa_blocks.librosa_same(music), librosa_blocks.librosa_shared(music)):
        assert list(theirs) == list(ours)
        assert max(librosa_blocks.deviations(ours, theirs).values()) < 1e-5


def test_snippets_are_compared_with_the_whole_and_are_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    decode.snippets(tmp_path, seconds=24.0, repeats=1)
    assert capsys.readouterr().out.count("the same to the bit: True") == 4


def test_backward_takes_twice_the_multiply_adds_of_forward_but_for_the_first_layers_input() -> None:
    first, forward = 47 * 43 * 15 * 15 * 64, 87_000_000  # (about what the paper's network takes)
    assert abs(step.step_multiply_adds() - (3 * forward - first)) < 0.2 * forward


def test_a_median_is_taken_over_all_items() -> None:
    seen: list[int] = []
    seconds = timing.medians_over([1, 2, 3], {"first": seen.append, "second": lambda _: None})
    assert seen == [1, 1, 2, 3]
    assert set(seconds) == {"first", "second"}


def test_an_unknown_section_is_named_with_those_that_exist() -> None:
    with pytest.raises(SystemExit, match=r"'speed'.*decode"):
        main(["speed"])
    assert all((Path(step.__file__).parent / f"{name}.py").exists() for name in SECTIONS)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs /proc/self/status to tell the peak memory")
def test_histories_are_imported_joined_and_compared(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    histories.run(tmp_path, lines=300, layouts=["csv"])
    out = capsys.readouterr().out
    assert [out.count(word) for word in ("import  ", "20,000 songs", "pandas.read_csv", "lines/s")] == [1, 1, 1, 3]


@pytest.mark.parametrize("layout", ["csv", "lastfm-1k", "listenbrainz"])
def test_every_generated_line_is_a_listen(tmp_path: Path, layout: str) -> None:
    histories._write(tmp_path / "a", layout, 300)
    parsed = parse(tmp_path / "a")
    assert (parsed.format, len(parsed.rows), parsed.rejected) == (layout, 300, {})
