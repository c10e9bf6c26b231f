"""Composing the paper's way: atoms, grains, phases, and what the networks say of the sound."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from content.composing import sketch as sketches
from content.composing.atoms import activations, learn_atoms, parts_of
from content.composing.familiar import familiar
from content.composing.image import ImageSearch, compose_image
from content.composing.material import Material, learn_material, magnitude_of
from content.composing.phase import PEAK, levelled, sound_of
from content.composing.strange import FREE, strangeness
from content.composing.wishing import pleased
from content.hyperimage import hyper_image, to_bytes
from content.hyperimage_torch import hyper_images
from content.notation import architecture
from content.spec import HyperImageSpec
from content.training import train
from content.training_config import TrainingConfig
from data.errors import InputError

SPEC = HyperImageSpec()
RATE = SPEC.sample_rate
FAST = ImageSearch(steps=4, rounds=1)


def _song(seed: int, *, noisy: bool) -> np.ndarray:
    """Three seconds of beats of noise, or of a slow chord."""
    rng = np.random.default_rng(seed)
    t = np.arange(3 * RATE) / RATE
    if noisy:
        y = np.exp(-10 * (t % 0.25)) * rng.standard_normal(len(t))
    else:
        y = sum(np.sin(2 * np.pi * f * t) for f in 110 * 2 ** (rng.integers(0, 36, 3) / 12))
    return (0.2 * y + 0.001 * rng.standard_normal(len(t))).astype(np.float32)


@pytest.fixture(scope="module")
def songs() -> list[np.ndarray]:
    """Twelve songs, every second one noisy."""
    return [_song(seed, noisy=bool(seed % 2)) for seed in range(12)]


@pytest.fixture(scope="module")
def material(songs: list[np.ndarray]) -> Material:
    """What they are made of."""
    return learn_material(songs, [f"song {i}" for i in range(12)], SPEC, made_from="test", count=24)


@pytest.fixture(scope="module")
def network(songs: list[np.ndarray]):
    """A network that tells noisy from tonal songs."""
    images = [to_bytes(hyper_image(y, SPEC)) for y in songs]
    config = TrainingConfig(epochs=12, snippet_seconds=2.0, optimizer="adamw", threads=1)
    return train(images, ["tonal", "noisy"] * 6, config, architecture("IMF(16)O"), spec=SPEC, label="kind")


@pytest.fixture(scope="module")
def piece(network, material: Material):
    """Three seconds of noise, composed."""
    return compose_image({"kind": {"net": network}}, material, {}, {"kind": {"noisy": 1.0}}, seconds=3.0, seed=1)


def test_atoms_and_activations_give_the_spectra_back():
    magnitude = torch.rand(200, 3) @ torch.rand(3, 1025)
    atoms = learn_atoms(magnitude, 3, rounds=200, seed=0)
    again = activations(magnitude, atoms, rounds=200) @ atoms.T
    assert (again - magnitude).abs().sum() / magnitude.sum() < 0.02


def test_each_atom_plays_one_part():
    parts = parts_of(torch.rand(1025, 20), RATE)
    assert parts.sum(0).tolist() == [1] * 20


def test_a_material_saved_and_read_again_is_the_same(material: Material, tmp_path):
    material.save(tmp_path)
    again = Material.load(tmp_path)
    for name in ("atoms", "active", "timbre"):
        np.testing.assert_array_equal(getattr(again, name), getattr(material, name))
    assert (again.names, again.spec, again.made_from) == (material.names, material.spec, material.made_from)


def test_a_damaged_material_is_refused(material: Material, tmp_path):
    material.save(tmp_path)
    (tmp_path / "material.npz").write_bytes(b"no archive")
    with pytest.raises(InputError, match="cannot be read"):
        Material.load(tmp_path)


def test_a_song_lends_no_more_than_one_part(material: Material):
    draft = sketches.sketch(material, torch.Generator().manual_seed(0), start=None, kept=0.0)
    lent = draft.songs.flatten().tolist()
    assert len(set(lent)) == len(lent) == 12


def test_grains_overlap_without_a_seam(material: Material):
    draft = sketches.sketch(material, torch.Generator().manual_seed(0), start=None, kept=0.0)
    constant = sketches.Sketch(torch.ones_like(draft.grains), draft.songs, draft.atoms, draft.timbre)
    count = sketches.places(300)
    choices = sketches.Choices(torch.zeros(3, 1, 4), torch.zeros(3, count, 4), torch.zeros(3), torch.zeros(len(draft.timbre)))
    magnitude = constant.magnitude(choices, 1.0, 0, 300)
    torch.testing.assert_close(magnitude, magnitude[:1].expand_as(magnitude))


def test_a_song_that_stays_whole_is_what_it_was(songs, material: Material):
    start = activations(magnitude_of(songs[3], SPEC), torch.from_numpy(material.atoms), rounds=30)
    draft = sketches.sketch(material, torch.Generator().manual_seed(0), start=start, kept=1.0)
    choices = sketches.Choices(*(torch.zeros(n) for n in ((3, 1, 4), (3, 9, 4), (3,), (len(draft.timbre),))))
    torch.testing.assert_close(draft.magnitude(choices, 1.0, 0, 100), start[:100] @ draft.atoms.T)


def test_phases_make_the_spectra_that_were_wanted(music):
    y = music[: 4 * RATE].astype(np.float32)
    magnitude = magnitude_of(y, SPEC)
    again = magnitude_of(sound_of(magnitude, len(y), SPEC, seed=0), SPEC)
    assert float((again - magnitude).abs().sum() / magnitude.sum()) < 0.15


@pytest.mark.parametrize("gain", [1e-3, 1.0, 1e3])
def test_a_sound_is_never_clipped_whatever_its_level(music, gain):
    assert np.abs(levelled((gain * music).astype(np.float32), RATE)).max() <= PEAK + 1e-6


def test_silence_stays_silence():
    assert not levelled(np.zeros(1000, np.float32), RATE).any()


def test_blends_please_most_at_their_shares(network):
    wish = {"kind": {"noisy": 0.5, "tonal": 0.5}}
    images = torch.rand(8, 100, SPEC.n_rows)
    said = pleased({"kind": {"net": network}}, wish, images, enough=5.0).detach()
    assert (said <= np.log(0.5) + 1e-4).all()  # the cross-entropy of halves is least when both are equally likely


def test_strangeness_with_gradients_is_that_without(songs):
    images = [to_bytes(hyper_image(np.tile(y, 2), SPEC)) for y in songs]
    real = familiar(images, ["tonal", "noisy"] * 6, SPEC)
    other = to_bytes(hyper_image(np.tile(_song(99, noisy=True), 2), SPEC))
    image = torch.from_numpy(other.astype(np.float32) / 255)[None]
    for value in ("tonal", "noisy"):
        said = float(strangeness({"kind": real}, {"kind": {value: 1.0}}, image).detach())
        assert said == pytest.approx(max(0.0, real.strangeness(other)[value] - FREE), rel=0.02, abs=0.02)


def test_a_piece_pleases_the_network_as_it_sounds(piece):
    assert np.exp(piece.log_probabilities["net"]["kind"]["noisy"]) > 0.8


def test_the_image_aimed_at_is_that_of_the_sound(piece):
    own = hyper_image(piece.samples, SPEC)
    assert own.shape == piece.target.shape
    for block, least in (("mel", 0.7), ("chroma", 0.4)):
        rows = SPEC.rows[block]
        assert np.corrcoef(piece.target[:, rows].ravel(), own[:, rows].ravel())[0, 1] > least


def test_a_piece_has_the_length_asked_for_and_its_beginning(piece):
    assert len(piece.samples) == 3 * RATE
    assert piece.before.shape == piece.target.shape
    assert not np.array_equal(piece.before, piece.target)


def test_the_same_seed_gives_the_same_bytes_and_another_another_piece(network, material: Material):
    networks, wish = {"kind": {"net": network}}, {"kind": {"tonal": 1.0}}
    one, two, other = (
        compose_image(networks, material, {}, wish, seconds=1.0, seed=seed, search=FAST).samples for seed in (3, 3, 4)
    )
    np.testing.assert_array_equal(one, two)
    assert not np.array_equal(one, other)


def test_a_long_piece_is_heard_in_stretches(network, material: Material):
    told: list[tuple[int, int]] = []
    networks = {"kind": {"net": network}}
    search = ImageSearch(steps=2, rounds=1)
    wish = {"kind": {"tonal": 1.0}}
    long = compose_image(networks, material, {}, wish, seconds=25.0, seed=0, search=search, progress=lambda *at: told.append(at))
    assert long.seconds == 25.0
    assert told[-1] == (4 + 5, 4 + 5)


@pytest.mark.parametrize("seconds", [0.0, -1.0, float("nan"), 601.0])
def test_a_length_out_of_range_is_refused(network, material: Material, seconds):
    with pytest.raises(InputError, match="seconds"):
        compose_image({"kind": {"net": network}}, material, {}, {"kind": {"noisy": 1.0}}, seconds=seconds, seed=0)


def test_gradients_reach_every_choice(network, material: Material):
    draft = sketches.sketch(material, torch.Generator().manual_seed(0), start=None, kept=0.0)
    choices = sketches.Choices(*(torch.zeros(n, requires_grad=True) for n in ((3, 1, 4), (3, 4, 4), (3,), (len(draft.timbre),))))
    image = hyper_images(torch.from_numpy(_song(0, noisy=True))[None], SPEC)
    assert image.shape[1] == 130
    from content.hyperimage_torch import images_of_power

    power = (draft.magnitude(choices, 1.0, 0, 100) + 1e-6).square()[None]
    said = pleased({"kind": {"net": network}}, {"kind": {"noisy": 1.0}}, images_of_power(power, SPEC), enough=5.0)
    for slope in torch.autograd.grad(said.sum(), list(choices)):
        assert torch.isfinite(slope).all()
        assert slope.abs().max() > 0
