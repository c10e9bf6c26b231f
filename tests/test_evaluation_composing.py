"""The judge of compositions, what is measured of a piece, and the table."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from data.errors import InputError
from evaluation.composing import composing_table, wilson
from evaluation.composing_features import sound_features
from evaluation.composing_judge import fit_judge
from evaluation.composing_sound import correlations, likeness, pooled, soundness, spectral_centroid

RATE = 22050


def _tone(hertz: float, seconds: float = 3.0, amplitude: float = 0.5) -> NDArray[np.float32]:
    return (amplitude * np.sin(2 * np.pi * hertz * np.arange(round(seconds * RATE)) / RATE)).astype(np.float32)


def _noise(seed: int, seconds: float = 3.0) -> NDArray[np.float32]:
    return (0.2 * np.random.default_rng(seed).standard_normal(round(seconds * RATE))).astype(np.float32)


def test_features_do_not_depend_on_gain() -> None:
    sound = _tone(440) + 0.1 * _noise(0)
    np.testing.assert_allclose(sound_features(sound, RATE), sound_features(0.25 * sound, RATE), atol=1e-3)


def test_features_of_sounds_of_any_length_are_as_many() -> None:
    assert len(sound_features(_noise(0, 2.0), RATE)) == len(sound_features(_noise(0, 7.3), RATE))


def test_features_are_finite_where_most_is_silence() -> None:
    sound = np.zeros(3 * RATE, np.float32)
    sound[1000:1200] = 0.3
    assert np.isfinite(sound_features(sound, RATE)).all()


@pytest.mark.parametrize(("sound", "why"), [(_noise(0, 1.0), "a judge needs 2 s"), (np.zeros(3 * RATE, np.float32), "silence")])
def test_a_sound_that_cannot_be_judged_is_refused(sound: NDArray[np.float32], why: str) -> None:
    with pytest.raises(InputError, match=why):
        sound_features(sound, RATE)


def test_the_judge_tells_tones_from_noise_it_has_not_heard() -> None:
    features = np.stack(
        [sound_features(_tone(200 + 50 * i), RATE) for i in range(8)] + [sound_features(_noise(i), RATE) for i in range(8)]
    )
    judge = fit_judge(features, np.array(["tone"] * 8 + ["noise"] * 8), seed=0)
    said = judge.log_probabilities(np.stack([sound_features(_tone(333), RATE), sound_features(_noise(99), RATE)]))
    assert [judge.classes[column] for column in said.argmax(axis=1)] == ["tone", "noise"]


def test_what_the_judge_says_sums_to_one() -> None:
    rng = np.random.default_rng(0)
    judge = fit_judge(rng.standard_normal((30, 12)), np.array(list("abc") * 10), seed=0)
    said = judge.log_probabilities(rng.standard_normal((5, 12)))
    np.testing.assert_allclose(np.exp(said).sum(axis=1), 1.0)


@pytest.mark.parametrize(("labels", "why"), [(["a"] * 4, "two labels"), (["a", "a", "a", "b"], "two songs of each")])
def test_a_judge_with_too_little_to_learn_from_is_refused(labels: list[str], why: str) -> None:
    with pytest.raises(InputError, match=why):
        fit_judge(np.random.default_rng(0).standard_normal((4, 3)), np.array(labels), seed=0)


def test_an_image_correlates_wholly_with_itself_and_not_with_a_constant() -> None:
    image = np.random.default_rng(0).random((20, 4)).astype(np.float32)
    rows = {"a": slice(0, 2), "b": slice(2, 4)}
    assert correlations(image, image[:15], rows) == pytest.approx({"a": 1.0, "b": 1.0})
    assert correlations(image, np.ones_like(image), rows) == {"a": None, "b": None}


def test_soundness_of_a_tone() -> None:
    found = soundness(_tone(1000, amplitude=0.5), RATE)
    assert found["peak"] == pytest.approx(0.5, abs=1e-3)
    assert found["rms_db"] == pytest.approx(20 * np.log10(0.5 / np.sqrt(2)), abs=0.01)
    assert found["centroid_hz"] == pytest.approx(1000, rel=0.05)
    assert (found["clipped"], found["silence"]) == (0.0, 0.0)


def test_silence_and_clipping_are_counted() -> None:
    sound = np.concatenate([np.zeros(RATE, np.float32), np.ones(RATE, np.float32)])
    found = soundness(sound, RATE)
    assert found["silence"] == pytest.approx(0.5, abs=0.05)
    assert found["clipped"] == pytest.approx(0.5, abs=0.01)


def test_the_centroid_follows_the_pitch() -> None:
    assert spectral_centroid(_tone(3000), RATE) > 2 * spectral_centroid(_tone(1000), RATE)


def test_a_stretch_cut_out_of_a_song_is_like_it_wholly() -> None:
    song = np.random.default_rng(0).random((200, 8)).astype(np.float32)
    assert likeness(song[37:90], song) == pytest.approx(1.0, abs=1e-6)
    assert likeness(song, song[37:90]) == pytest.approx(1.0, abs=1e-6)


def test_another_song_is_hardly_like_it() -> None:
    rng = np.random.default_rng(0)
    assert likeness(rng.random((60, 16)).astype(np.float32), rng.random((200, 16)).astype(np.float32)) < 0.3


def test_likeness_is_the_correlation_at_the_best_shift() -> None:
    rng = np.random.default_rng(1)
    a, b = rng.random((30, 3)).astype(np.float32), rng.random((50, 3)).astype(np.float32)

    def at(shift: int) -> float:
        x, y = (z - z.mean(axis=0) for z in (a.astype(float), b[shift : shift + 30].astype(float)))
        return float((x * y).sum() / np.sqrt((x**2).sum() * (y**2).sum()))

    assert likeness(a, b) == pytest.approx(max(at(shift) for shift in range(21)), abs=1e-5)


def test_pooling_takes_means_of_neighbours() -> None:
    mel = np.arange(32, dtype=np.float32).reshape(4, 8)
    assert pooled(mel).tolist() == [[mel[:2, :4].mean(), mel[:2, 4:].mean()], [mel[2:, :4].mean(), mel[2:, 4:].mean()]]


def test_the_interval_is_wilsons() -> None:
    assert wilson(8, 10) == pytest.approx((0.4901625, 0.9433178), abs=1e-6)
    assert wilson(0, 0) == (0.0, 1.0)
    assert wilson(10, 10)[1] == pytest.approx(1.0)


def _row(label: str, judged: str, mel: float | None = 0.9) -> dict[str, object]:
    return {
        "label": label,
        "judged": judged,
        "correct": label == judged,
        "network_probability": 0.5,
        "correlations": {"mel": mel, "chroma": 0.5},
        "clipped": 0.0,
        "silence": 0.0,
        "centroid_inside": True,
        "copied": False,
    }


def test_the_table_counts_what_the_judge_got_right() -> None:
    table = composing_table([_row("a", "a"), _row("a", "b"), _row("b", "b"), _row("b", "b")], classes=("a", "b", "c"))
    assert table["mean"]["judge_accuracy"] == 0.75
    assert table["mean"]["chance"] == pytest.approx(1 / 3)
    assert [row["judge_accuracy"] for row in table["labels"]] == [0.5, 1.0]
    assert table["confusion"]["a"] == {"a": 1, "b": 1, "c": 0}
    assert (table["low"], table["high"]) == wilson(3, 4)


def test_a_correlation_that_is_not_defined_is_left_out_of_the_mean() -> None:
    table = composing_table([_row("a", "a", None), _row("a", "a", 0.8)], classes=("a", "b"))
    assert table["mean"]["mel_correlation"] == 0.8


def test_a_table_of_nothing_is_refused() -> None:
    with pytest.raises(InputError, match="no piece"):
        composing_table([], classes=("a", "b"))
