"""What `training.hear` wrote, as one sequence of examples."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from content.spec import HyperImageSpec
from training.teacher import HOP, PATCH_FRAMES, PENULTIMATE, SAMPLE_RATE, TAGS

PATCH_SECONDS = PATCH_FRAMES * HOP / SAMPLE_RATE
FRAMES_PER_PATCH = PATCH_SECONDS * HyperImageSpec().frames_per_second  # 128.9


@dataclass(frozen=True, eq=False)
class Heard:
    """One variant of one kind of material.

    Parameters
    ----------
    images : uint8 (clips, frames, rows), memory-mapped; `frames` int32 (clips,) of them hold something.
    teacher : float16 (clips, patches, 250 * models): of each model the 200 values before the output and 50 logits; `patches`
        int32 (clips,) of them hold something.
    folds : int64 (clips,), -1 where never held out.
    """

    images: NDArray[np.uint8]
    frames: NDArray[np.int32]
    teacher: NDArray[np.float16]
    patches: NDArray[np.int32]
    track_ids: tuple[str, ...]
    artists: tuple[str, ...]
    folds: NDArray[np.int64]

    def clip_level(self) -> NDArray[np.float32]:
        """The teacher's mean over the patches of each clip, float32 (clips, outputs)."""
        return np.stack([self.teacher[i, :n].astype(np.float32).mean(0) for i, n in enumerate(self.patches)])


def read_heard(folder: Path) -> Heard:
    """One folder of `training.hear`."""
    about = json.loads((folder / "clips.json").read_text())["clips"]
    arrays = {name: np.load(folder / f"{name}.npy", mmap_mode="r") for name in ("images", "frames", "teacher", "patches")}
    return Heard(
        **arrays,
        track_ids=tuple(clip["track_id"] for clip in about),
        artists=tuple(clip["artist"] for clip in about),
        folds=np.array([clip["fold"] for clip in about]),
    )


@dataclass(frozen=True, eq=False)
class Examples:
    """Clips of several `Heard`, without those of one fold.

    Parameters
    ----------
    heard : where they lie; `places` int64 (n, 2) says which of them, and which clip in it.
    outputs : of the teacher's outputs those that are learned.
    """

    heard: Sequence[Heard]
    places: NDArray[np.int64]
    outputs: slice

    def hours(self) -> float:
        """Length of all that is heard, h; a clip that stands there twice counts twice."""
        return sum(float(self.heard[which].patches[clip]) for which, clip in self.places) * PATCH_SECONDS / 3600.0

    def cut(
        self, rows: NDArray[np.int64], n_patches: int, n_frames: int, rng: np.random.Generator
    ) -> tuple[NDArray[np.uint8], NDArray[np.float32], NDArray[np.float32]]:
        """A random stretch of each example, and what the teacher said of just that stretch.

        Returns
        -------
        snippets uint8 (b, n_frames, rows); values float32 (b, 200 or 400); tags float32 (b, 50 or 100), probabilities.
        """
        snippets, values, tags = [], [], []
        for row in rows:
            which, clip = self.places[row]
            heard = self.heard[which]
            n = min(n_patches, int(heard.patches[clip]))
            first = int(rng.integers(heard.patches[clip] - n + 1))
            start = round(first * FRAMES_PER_PATCH)
            piece = np.asarray(heard.images[clip, start : min(start + n_frames, heard.frames[clip])])
            snippets.append(np.resize(piece, (n_frames, piece.shape[1])) if len(piece) < n_frames else piece)
            said = heard.teacher[clip, first : first + n, self.outputs].astype(np.float32)
            value, logit = split(said)
            values.append(value.mean(0))
            tags.append((1.0 / (1.0 + np.exp(-logit))).mean(0))
        return np.stack(snippets), np.stack(values), np.stack(tags)


def examples(heard: Sequence[Heard], *, without: int | None, outputs: slice, share: float = 1.0) -> Examples:
    """All clips of `heard` but those of the fold `without`; of the artists only a random `share` is kept."""
    artists = sorted({artist for h in heard for artist in h.artists})
    chosen = np.random.default_rng(0).permutation(artists)[: round(share * len(artists))]
    kept = set(chosen.tolist())
    places = [
        (w, c)
        for w, h in enumerate(heard)
        for c in range(len(h.folds))
        if h.artists[c] in kept and (without is None or h.folds[c] != without)
    ]
    return Examples(heard, np.array(places, np.int64).reshape(-1, 2), outputs)


def split(said: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Outputs (..., 250 * models) -> values (..., 200 * models) and logits (..., 50 * models)."""
    models = said.shape[-1] // (PENULTIMATE + TAGS)
    parts = said.reshape(*said.shape[:-1], models, PENULTIMATE + TAGS)
    values, logits = parts[..., :PENULTIMATE], parts[..., PENULTIMATE:]
    return values.reshape(*said.shape[:-1], -1), logits.reshape(*said.shape[:-1], -1)
