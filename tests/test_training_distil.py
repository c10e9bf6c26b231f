"""The pieces of the distillation: changed signals, what was heard, axes of the embedding."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import torch

from content.network import build
from content.notation import parse
from training.basis import Scale, axes, rebase
from training.calibration import fit
from training.changes import at_speed, change, mixture, peak_filter
from training.heard import examples, read_heard, split
from training.material import artist_folds
from training.student import Recipe, Student, _rescaled, load_student

RATE = 22050


def tone(hz: float, seconds: float = 2.0) -> np.ndarray:
    t = np.arange(int(seconds * RATE)) / RATE
    return (0.3 * np.sin(2 * np.pi * hz * t)).astype(np.float32)


def loudest_hz(y: np.ndarray) -> float:
    return float(np.fft.rfftfreq(len(y), 1 / RATE)[np.abs(np.fft.rfft(y)).argmax()])


def test_faster_is_shorter_and_higher() -> None:
    faster = at_speed(tone(440.0), 1.1)
    assert abs(len(faster) - 2 * RATE / 1.1) < 100
    assert abs(loudest_hz(faster) - 484.0) < 2.0


def test_mixture_holds_both_at_the_asked_levels() -> None:
    both = mixture(tone(440.0), tone(1000.0, 0.5), -6.0)
    spectrum = np.abs(np.fft.rfft(both))
    hz = np.fft.rfftfreq(len(both), 1 / RATE)
    a, b = (spectrum[np.abs(hz - f).argmin()] for f in (440.0, 1000.0))
    assert abs(20 * np.log10(b / a) + 6.0) < 0.2
    assert np.isclose(np.mean(both**2), np.mean(tone(440.0) ** 2), rtol=0.02)


def test_mixture_with_silence_is_the_song_itself() -> None:
    np.testing.assert_array_equal(mixture(tone(440.0), np.zeros(100, np.float32), -3.0), tone(440.0))


def test_peak_filter_lifts_its_own_frequency_and_leaves_others() -> None:
    lifted = [np.std(peak_filter(tone(f), 1000.0, 9.0, 1.0, RATE)) / np.std(tone(f)) for f in (1000.0, 60.0)]
    assert np.allclose(20 * np.log10(lifted), (9.0, 0.0), atol=0.3)


def test_changed_song_differs_is_finite_and_depends_on_the_seed_alone() -> None:
    y, other = tone(440.0), tone(700.0)
    for seed in range(8):
        changed = change(y, other, RATE, np.random.default_rng(seed))
        assert changed.dtype == np.float32
        assert np.isfinite(changed).all()
        assert np.abs(changed).max() <= 1.0
        assert len(changed) != len(y) or not np.allclose(changed, y)
        np.testing.assert_array_equal(changed, change(y, other, RATE, np.random.default_rng(seed)))


def test_artists_are_whole_and_folds_alike() -> None:
    artists = [f"a{i % 40}" for i in range(200)]
    fold_of = artist_folds(artists)
    sizes = np.bincount([fold_of[a] for a in artists])
    assert sizes.tolist() == [40] * 5


def heard_folder(folder: Path) -> Path:
    """Three clips of two patches; frame f of clip c holds level 10 c + f % 5, and value j of patch p is c + p + j."""
    folder.mkdir()
    images = np.zeros((3, 300, 4), np.uint8)
    teacher = np.zeros((3, 2, 250), np.float16)
    for c in range(3):
        images[c] = (10 * c + np.arange(300) % 5)[:, None]
        teacher[c] = c + np.arange(2)[:, None] + np.arange(250) / 256
    np.save(folder / "images.npy", images)
    np.save(folder / "frames.npy", np.array([300, 300, 100], np.int32))
    np.save(folder / "teacher.npy", teacher)
    np.save(folder / "patches.npy", np.array([2, 2, 1], np.int32))
    clips = [{"track_id": f"t{c}", "artist": f"a{c}", "fold": c, "seconds": 6.0} for c in range(3)]
    (folder / "clips.json").write_text(json.dumps({"clips": clips}))
    return folder


def test_fold_that_is_left_out_is_not_heard(tmp_path: Path) -> None:
    heard = read_heard(heard_folder(tmp_path / "songs-0"))
    told = examples([heard, heard], without=1, outputs=slice(0, 250))
    assert told.places.tolist() == [[0, 0], [0, 2], [1, 0], [1, 2]]


def test_target_is_what_the_teacher_said_of_the_stretch(tmp_path: Path) -> None:
    heard = read_heard(heard_folder(tmp_path / "songs-0"))
    told = examples([heard], without=None, outputs=slice(0, 250))
    snippets, values, tags = told.cut(np.array([0, 1, 2]), 1, 128, np.random.default_rng(0))
    assert snippets.shape == (3, 128, 4)
    assert (values[:, 0] - np.arange(3)).tolist() in [[a, b, 0] for a in (0, 1) for b in (0, 1)]  # patch 0 or 1; the last has one
    assert snippets[2, 99].max() <= 24
    np.testing.assert_array_equal(snippets[2, 100:], snippets[2, :28])  # a short clip is repeated
    np.testing.assert_allclose(
        tags,
        1 / (1 + np.exp(-heard.teacher[[0, 1, 2], (values[:, 0] - np.arange(3)).astype(int), 200:].astype(float))),
        rtol=1e-3,
    )


def test_student_in_another_standardisation_says_the_same(tmp_path: Path) -> None:
    torch.manual_seed(0)
    recipe = Recipe("IMF(16)F(192)O")
    network = build(parse(recipe.architecture), 233, recipe.n_frames, 250).eval()
    rng = np.random.default_rng(0)
    before, after = (Scale(*np.float32(rng.uniform(0.5, 2.0, (2, 200)))) for _ in range(2))
    x = torch.rand(3, 1, 233, recipe.n_frames)
    with torch.inference_mode():
        first = network(x).numpy()
        Student(network, before, recipe.n_frames).save(tmp_path / "run")
        again = _rescaled(load_student(tmp_path / "run", recipe), after).network(x).numpy()
    values = [said[:, :200] * scale.std + scale.mean for said, scale in ((first, before), (again, after))]
    np.testing.assert_allclose(values[0], values[1], rtol=1e-4, atol=1e-4)
    np.testing.assert_array_equal(first[:, 200:], again[:, 200:])


def test_outputs_of_two_models_are_parted() -> None:
    values, logits = split(np.arange(500, dtype=np.float32)[None])
    assert values.shape == (1, 400)
    assert logits[0, [0, 49, 50, 99]].tolist() == [200, 249, 450, 499]


def test_axes_are_orthonormal_and_keep_distances_of_the_widest() -> None:
    rng = np.random.default_rng(0)
    said = (rng.standard_normal((500, 30)) @ rng.standard_normal((30, 200))).astype(np.float32)
    scale = Scale(said.mean(0), said.std(0))
    rows = axes(said, scale, 30)
    np.testing.assert_allclose(rows @ rows.T, np.eye(30), atol=1e-5)
    z = (said - scale.mean) / scale.std
    np.testing.assert_allclose(np.linalg.norm(z @ rows.T, axis=1), np.linalg.norm(z, axis=1), rtol=1e-3)
    assert np.std(z @ rows.T, axis=0).min() > 0.4 * np.std(z @ rows.T, axis=0).max()


def test_rebased_network_gives_the_axes_of_its_own_prediction_and_the_teachers_tags() -> None:
    rng = np.random.default_rng(0)
    torch.manual_seed(0)
    network = build(parse("IMF(16)F(192)O"), 8, 20, 250).eval()
    x = torch.rand(5, 1, 8, 20)
    said = rng.standard_normal((300, 200)).astype(np.float32)
    scale = Scale(said.mean(0), said.std(0))
    rows = axes(said, scale, 192)
    tags = (rng.standard_normal((50, 200)).astype(np.float32) / 14, rng.standard_normal(50).astype(np.float32))
    with torch.inference_mode():
        standardised = network(x)[:, :200].numpy()
        rebase(network, rows, scale, tags, 200)
        embedding, logits = network.embed(x).numpy(), network(x).numpy()
    np.testing.assert_allclose(embedding, standardised @ rows.T, atol=1e-4)
    nearest = (standardised @ rows.T) @ rows * scale.std + scale.mean  # without the narrowest axes
    np.testing.assert_allclose(logits, nearest @ tags[0].T + tags[1], atol=1e-4)


def test_calibration_finds_the_line_that_made_the_probabilities() -> None:
    logits = np.random.default_rng(0).normal(-2.0, 1.5, (400, 2)).astype(np.float32)
    wanted = 1 / (1 + np.exp(-(logits * np.array([1.3, 0.8]) + np.array([0.5, -0.2]))))
    np.testing.assert_allclose(fit(logits, wanted.astype(np.float32)), [[1.3, 0.5], [0.8, -0.2]], atol=1e-3)
