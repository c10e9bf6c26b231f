"""Defaults from several sets: content never tells what a task hides, and the program runs on little."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks import defaults, tuning_sets
from collab.tuning_study import Study, Trial
from collab.tuning_tasks import validation_tasks


@pytest.fixture
def lastfm(tmp_path: Path) -> Path:
    """30 listeners of 20 artists each; everybody types a word of their own and a shared one about each artist they play."""
    rng = np.random.default_rng(0)
    plays, tags = ["userID\tartistID\tweight"], ["userID\tartistID\ttagID\tday\tmonth\tyear"]
    for user in range(2, 32):
        for artist in rng.permutation(60)[:20] + 1:
            plays.append(f"{user}\t{artist}\t{rng.integers(1, 99)}")
            tags += [f"{user}\t{artist}\t{tag}\t1\t1\t2009" for tag in (1 + artist % 7, 100 + user)]
    (tmp_path / "user_artists.dat").write_text("\r\n".join(plays) + "\r\n", encoding="latin-1")
    (tmp_path / "user_taggedartists.dat").write_text("\r\n".join(tags) + "\r\n", encoding="latin-1")
    return tmp_path


def test_what_a_listener_typed_about_a_hidden_artist_does_not_reach_content(
    lastfm: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tuning_sets, "WIDTH", 4)
    one = tuning_sets.lastfm2k(lastfm, 0)
    task = validation_tasks(one.listens, one.artists, pairs=1)[0]
    assert task.cold is not None
    before = one.content(task).vectors
    hidden = {
        (one.listens.users.ids[u], one.listens.tracks.ids[t])
        for part in (task.warm.test, task.cold.test)
        for u, t in zip(part.user.tolist(), part.track.tolist(), strict=True)
    }
    path = lastfm / "user_taggedartists.dat"
    lines = path.read_text(encoding="latin-1").splitlines()
    changed = [
        "\t".join([*pair, "7", "1", "1", "2009"]) if (pair := tuple(line.split("\t")[:2])) in hidden else line for line in lines
    ]
    assert changed != lines
    path.write_text("\n".join(changed), encoding="latin-1")
    again = tuning_sets.lastfm2k(lastfm, 0)
    assert np.allclose(before, again.content(task).vectors)


def test_a_part_of_the_artists_and_listens_is_set_aside(lastfm: Path) -> None:
    one = tuning_sets.lastfm2k(lastfm, 0)
    assert len(one.listens.tracks) < 60
    assert len(one.listens) < 0.9 * 20 * 30


def test_the_gains_of_the_sets_average_to_the_gain() -> None:
    start = Trial(0, {"a": 1}, figures={"x warm": 0.2, "x cold": 0.1, "y warm": 0.4})
    trial = Trial(1, {"a": 2}, figures={"x warm": 0.3, "x cold": 0.1, "y warm": 0.3})
    assert [defaults.of_set(trial, start, name) for name in "xy"] == pytest.approx([np.sqrt(1.5) - 1, -0.25])
    assert Study((start, trial), ()).best is start
    assert defaults.differences(trial, start) == "a=2"


def test_it_runs_on_the_composed_world_and_goes_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    words = f"defaults --data {tmp_path} --set composed --engine als --only als.iterations --keep {tmp_path / 'kept'}".split()
    for trials in ("1", "2"):
        monkeypatch.setattr("sys.argv", [*words, "--trials", trials])
        defaults.main()
        assert f"als: {trials} trials" in capsys.readouterr().out
    (kept,) = (tmp_path / "kept").glob("*.jsonl")
    assert len(kept.read_text(encoding="utf-8").splitlines()) == 2
