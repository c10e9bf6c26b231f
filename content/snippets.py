"""Snippets: stretches of a fixed number of frames, cut from hyper-images. numpy only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.errors import InputError


def snippet_frames(seconds: float, frames_per_second: float) -> int:
    """Whole frames in a snippet; 215 for 5 s at 43.07 frames per second. Raises InputError if there is none."""
    frames = int(seconds * frames_per_second)
    if frames < 1:
        raise InputError(
            f"snippet_seconds={seconds} is shorter than one frame of {1 / frames_per_second:.3f} s", hint="The paper uses 5 s"
        )
    return frames


def seconds_of(n_frames: int, frames_per_second: float) -> float:
    """A length in seconds of which `snippet_frames` makes `n_frames`: half a frame more than these, to the millisecond."""
    return round((n_frames + 0.5) / frames_per_second, 3)


def draw(
    lengths: NDArray[np.int64], n_frames: int, per_song: int, *, seed: int, epoch: int, positions: str = "random"
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The snippets of one epoch, in random order: `per_song` of each song.

    Parameters
    ----------
    lengths : int64 (songs,), frames of each song.
    seed, epoch : decide everything; an epoch does not depend on those before it.
    positions : "random": each snippet at a random place; "cover": always the same places, evenly spread from the song's first
        frame to its last (one alone: in its middle).

    Returns
    -------
    songs, starts : int64 (songs * per_song,), row of the song and first frame; start 0 for a song no longer than a snippet.
    """
    rng = np.random.default_rng((seed, epoch))
    if positions == "cover":
        order = rng.permutation(len(lengths) * per_song)
        songs, index = order // per_song, order % per_song
        last = np.maximum(lengths[songs] - n_frames, 0)
        return songs, last // 2 if per_song == 1 else last * index // (per_song - 1)
    songs = rng.permutation(np.repeat(np.arange(len(lengths)), per_song))
    starts = rng.integers(0, np.maximum(lengths[songs] - n_frames, 0), endpoint=True)
    return songs, starts


def cut(image: NDArray[np.uint8], start: int, n_frames: int) -> NDArray[np.uint8]:
    """Frames `start` to `start + n_frames` of one song, uint8 (n_frames, n_rows).

    A song shorter than that is repeated from its beginning until the snippet is full (`start` is then 0): silence instead would
    show the network an edge that no other song has.
    """
    if len(image) >= start + n_frames:
        return image[start : start + n_frames]
    return np.take(image, np.arange(start, start + n_frames) % len(image), axis=0)


def cut_batch(
    images: Sequence[NDArray[np.uint8]], songs: NDArray[np.int64], starts: NDArray[np.int64], n_frames: int
) -> NDArray[np.uint8]:
    """One snippet a row, uint8 (b, n_frames, n_rows)."""
    return np.stack([cut(images[song], start, n_frames) for song, start in zip(songs.tolist(), starts.tolist(), strict=True)])


def cover(image: NDArray[np.uint8], n_frames: int) -> NDArray[np.uint8]:
    """The snippets that stand for a whole song, uint8 (s, n_frames, n_rows): as many as fit without overlap, evenly spread.

    A song shorter than one snippet gives one, repeated as in `cut`.
    """
    count = max(1, len(image) // n_frames)
    last = max(0, len(image) - n_frames)
    starts = [last // 2] if count == 1 else [last * index // (count - 1) for index in range(count)]
    return np.stack([cut(image, start, n_frames) for start in starts])


def image_lengths(images: Sequence[NDArray[np.uint8]], n_rows: int) -> NDArray[np.int64]:
    """Frames of each song, int64 (songs,).

    Raises
    ------
    InputError : an image is not uint8 (frames, n_rows) with at least one frame.
    """
    lengths = np.zeros(len(images), np.int64)
    for song in range(len(images)):
        image = images[song]
        if image.dtype != np.uint8 or image.ndim != 2 or image.shape[1] != n_rows or not len(image):
            raise InputError(
                f"the image of song {song} is {image.dtype} {image.shape}, not uint8 (at least one frame, {n_rows})",
                code="bad-image",
            )
        lengths[song] = len(image)
    return lengths


def row_statistics(images: Sequence[NDArray[np.uint8]], *, most: int = 2000) -> tuple[NDArray[np.int64], NDArray[np.int64], int]:
    """Exact sums over all frames of at most `most` songs, evenly chosen: enough for a mean without reading a large library whole.

    Returns
    -------
    sums, squares : int64 (n_rows,), sum and sum of squares of the levels 0..255.
    frames : how many frames were summed.
    """
    chosen = np.unique(np.linspace(0, len(images) - 1, min(most, len(images))).astype(int))
    sums = squares = np.zeros(images[0].shape[1], np.int64)
    frames = 0
    for song in chosen.tolist():
        image = images[song]
        sums = sums + image.sum(axis=0, dtype=np.int64)
        squares = squares + np.square(image, dtype=np.int64).sum(axis=0)
        frames += len(image)
    return sums, squares, frames


def mean_and_deviation(
    sums: NDArray[np.int64], squares: NDArray[np.int64], frames: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Mean and standard deviation of each row, float32 (n_rows,), in the unit of [0, 1] images.

    The deviation is at least one level (1 / 255): a row that never moves stays at 0 instead of blowing up.
    """
    mean = sums / frames
    deviation = np.sqrt(np.maximum(squares / frames - mean**2, 1.0))
    return (mean / 255.0).astype(np.float32), (deviation / 255.0).astype(np.float32)


class Snippets(Sequence[NDArray[np.uint8]]):
    """All whole snippets of some songs as images of their own: what a split by snippet divides.

    Parameters
    ----------
    images : the songs.
    frames : length of a snippet; songs shorter than that are one snippet.
    lengths : frames of each song.
    """

    def __init__(self, images: Sequence[NDArray[np.uint8]], frames: int, lengths: Sequence[int]) -> None:
        self.images, self.frames = images, frames
        self.song = np.repeat(np.arange(len(lengths)), [max(1, n // frames) for n in lengths])
        first = np.r_[0, np.flatnonzero(np.diff(self.song)) + 1]
        self.start = (np.arange(len(self.song)) - np.repeat(first, np.diff(np.r_[first, len(self.song)]))) * frames

    def __len__(self) -> int:
        return len(self.song)

    def __getitem__(self, index: Any) -> Any:
        start = int(self.start[index])
        return self.images[int(self.song[index])][start : start + self.frames]
