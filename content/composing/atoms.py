"""Spectral atoms: the few spectra of which all songs of a library can be mixed, and how much of each sounds when.

Non-negative matrix factorisation by multiplicative steps (Lee, Seung, NIPS 2000) of magnitudes, with the generalised
Kullback-Leibler divergence, as in Smaragdis, Brown, WASPAA 2003.
"""

from __future__ import annotations

import torch
from torch import Tensor

TINY = 1e-9
WHOLE_BINS = 64  # activations are found on bands: the lowest bins one by one
BANDS_AN_OCTAVE = 60  # above them
BASS_HZ = 600.0


def learn_atoms(magnitude: Tensor, count: int, *, rounds: int, seed: int) -> Tensor:
    """Atoms (bins, count), each of sum 1, of magnitude spectra (frames, bins); both float32, no value negative."""
    generator = torch.Generator().manual_seed(seed)
    v = magnitude.T.contiguous()  # (bins, frames)
    start = torch.randint(0, v.shape[1], (count,), generator=generator)
    atoms = v[:, start] + 1e-3 * v.mean() + TINY  # (bins, count)
    atoms = atoms / atoms.sum(0)
    active = torch.rand(count, v.shape[1], generator=generator) * v.sum(0) / count + TINY  # (count, frames)
    for _ in range(rounds):
        active = active * (atoms.T @ (v / (atoms @ active + TINY)))
        atoms = atoms * ((v / (atoms @ active + TINY)) @ active.T) / (active.sum(1) + TINY)
        size = atoms.sum(0) + TINY
        atoms, active = atoms / size, active * size[:, None]
    return atoms


def activations(magnitude: Tensor, atoms: Tensor, *, rounds: int) -> Tensor:
    """How much of each atom sounds in each frame, (frames, count), so that `activations @ atoms.T` is about `magnitude`."""
    bands = _bands(atoms.shape[0])
    seen, coarse = (magnitude @ bands.T).T, bands @ atoms  # (bands, frames), (bands, count)
    active = torch.ones(atoms.shape[1], 1) * seen.sum(0) / atoms.shape[1]  # (count, frames)
    weight = coarse.sum(0)[:, None] + TINY
    for _ in range(rounds):
        active = active * (coarse.T @ (seen / (coarse @ active + TINY))) / weight
    return active.T.contiguous()


def _bands(bins: int) -> Tensor:
    """Sums of neighbouring bins, float32 (bands, bins): a quarter of the rows, and no pitch is lost."""
    number = torch.arange(bins)
    above = (number.clamp(min=WHOLE_BINS) / WHOLE_BINS).log2() * BANDS_AN_OCTAVE
    band = torch.minimum(number, WHOLE_BINS + above.long())
    matrix = torch.zeros(int(band.max()) + 1, bins)
    matrix[band, number] = 1.0
    return matrix[matrix.any(1)]


def parts_of(atoms: Tensor, sample_rate: int) -> Tensor:
    """Which part of the band each atom plays, bool (3, count): bass (its centre below 600 Hz), noise (of the rest the half with
    the flattest spectra: drums, breath, consonants), tones (the others)."""
    share = atoms / (atoms.sum(0) + TINY)
    hertz = torch.linspace(0.0, sample_rate / 2, len(atoms))
    bass = hertz @ share < BASS_HZ
    flat = (share + 1e-8).log().mean(0).exp() / share.mean(0)
    noise = ~bass & (flat > flat[~bass].median()) if bool((~bass).any()) else ~bass
    return torch.stack([bass, noise, ~bass & ~noise])
