"""What pieces are made of: spectral atoms of a library's songs, and grains, which tell when each atom sounds for two seconds.

This is the prior. Every piece is a mixture of atoms that real songs were found to consist of, moving as they move in real songs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from content.composing.atoms import activations, learn_atoms
from content.hyperimage_torch import power_of
from content.spec import HyperImageSpec
from data.errors import InputError
from data.files import atomic_path, fingerprint, read_json, write_json

SCHEMA = 1
MOST_SONGS = 240  # more are drawn at random: what they add to the atoms is little, and memory stays flat
EXCERPT_S = 10.0  # of each song, its middle
ATOMS = 160
FRAMES_LEARNED = 5000  # of all songs together
LEARN_ROUNDS, ACTIVATION_ROUNDS = 50, 30
TIMBRES = 16  # main directions in which the songs' mean spectra differ
QUIET = 1e-3  # of an atom's mean over the songs: less than that is not there


@dataclass(frozen=True, eq=False)
class Material:
    """Songs taken apart.

    Parameters
    ----------
    atoms : float32 (bins, K), magnitude spectra of sum 1.
    active : float16 (songs, frames, K), how much of each atom sounds in each frame; every song as loud as the others.
    timbre : float32 (TIMBRES or fewer, K), main deviations of log mean activation between songs, one standard deviation each.
    names : of the songs.
    spec : of the spectra.
    made_from : fingerprint of all that decided it.
    """

    atoms: NDArray[np.float32]
    active: NDArray[np.float16]
    timbre: NDArray[np.float32]
    names: tuple[str, ...]
    spec: HyperImageSpec
    made_from: str

    def save(self, folder: Path) -> None:
        """Write material.npz and, last, material.json, without which nothing is read."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "material.json").unlink(missing_ok=True)
        with atomic_path(folder / "material.npz") as temporary, temporary.open("wb") as file:
            np.savez(file, atoms=self.atoms, active=self.active, timbre=self.timbre)
        about: dict[str, Any] = {"made_from": self.made_from, "names": list(self.names), "spec": self.spec.as_dict()}
        write_json(folder / "material.json", {"schema": SCHEMA, **about})

    @classmethod
    def load(cls, folder: Path) -> Material:
        """Read what `save` wrote. Raises InputError if it is missing, damaged or of another schema."""
        about = read_json(folder / "material.json", schema=SCHEMA)
        try:
            with np.load(folder / "material.npz", allow_pickle=False) as arrays:
                atoms, active, timbre = (arrays[name] for name in ("atoms", "active", "timbre"))
            spec = HyperImageSpec.from_dict(about["spec"])
            return cls(atoms, active, timbre, tuple(about["names"]), spec, about["made_from"])
        except (OSError, ValueError, KeyError, EOFError) as error:
            raise InputError(f"{folder / 'material.npz'} cannot be read: {error}", code="damaged", hint="Delete it") from None


def material_fingerprint(content_hashes: Iterable[str], spec: HyperImageSpec, seed: int) -> str:
    """Names a material by all that decides it."""
    return fingerprint("material", SCHEMA, list(content_hashes), spec.fingerprint(), MOST_SONGS, ATOMS, seed)


def choose_songs(count: int, seed: int) -> list[int]:
    """Rows of the songs to learn from, all or `MOST_SONGS` at random, in order."""
    chosen = np.random.default_rng(seed).permutation(count)[:MOST_SONGS]
    rows: list[int] = np.sort(chosen).tolist()
    return rows


def learn_material(
    signals: Iterable[NDArray[np.float32]],
    names: Iterable[str],
    spec: HyperImageSpec,
    *,
    made_from: str,
    seed: int = 0,
    count: int = ATOMS,
    progress: Callable[[int, int], None] | None = None,
) -> Material:
    """Learn atoms of songs, and take the songs apart into them.

    Parameters
    ----------
    signals : one a song, float32 (n,), mono at spec.sample_rate; its middle is used.
    count : of atoms.
    progress : called after each song taken apart with (songs done, songs in all).

    Raises
    ------
    InputError : no song.
    """
    spectra = [magnitude_of(middle(y, spec), spec) for y in signals]  # each (frames, bins)
    if not spectra:
        raise InputError("composing needs songs to learn from", code="no-songs", hint="Run `recsys scan FOLDER` first")
    generator = torch.Generator().manual_seed(seed)
    share = max(1, round(FRAMES_LEARNED / len(spectra)))
    frames = [song[torch.randperm(len(song), generator=generator)[:share]] for song in spectra]
    atoms = learn_atoms(torch.cat(frames), count, rounds=LEARN_ROUNDS, seed=seed)
    active = torch.zeros(len(spectra), len(spectra[0]), count, dtype=torch.float16)
    for row, song in enumerate(spectra):
        active[row] = activations(song, atoms, rounds=ACTIVATION_ROUNDS).half()
        if progress is not None:
            progress(row + 1, len(spectra))
    return Material(atoms.numpy(), active.numpy(), _timbre(active.float()).numpy(), tuple(names), spec, made_from)


def middle(y: NDArray[np.float32], spec: HyperImageSpec) -> NDArray[np.float32]:
    """`EXCERPT_S` seconds around the middle of a song; a shorter one is repeated."""
    n = round(EXCERPT_S * spec.sample_rate)
    start = max(0, (len(y) - n) // 2)
    return np.resize(y[start : start + n], n)


def magnitude_of(y: NDArray[np.float32], spec: HyperImageSpec) -> Tensor:
    """Magnitude spectra float32 (frames, bins) of a mono signal, brought to root mean square 1."""
    signal = torch.from_numpy(np.ascontiguousarray(y, np.float32))[None]
    signal = signal / (signal.square().mean().sqrt() + 1e-9)
    return power_of(signal, spec)[0].sqrt()


def _timbre(active: Tensor) -> Tensor:
    """Main deviations (directions, K) of the songs' log mean activations (songs, frames, K)."""
    mean = active.mean(1)  # (songs, K)
    level = (mean + QUIET * mean.mean(0) + 1e-9).log()
    level = level - level.mean(0)
    _, size, directions = torch.linalg.svd(level, full_matrices=False)
    count = min(TIMBRES, len(active) - 1)
    timbre: Tensor = directions[:count] * size[:count, None] / max(1, len(active) - 1) ** 0.5
    return timbre
