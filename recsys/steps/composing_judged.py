"""One composition on the bench: what its sound file is worth to the judge, to the networks, and beside real songs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from content.cache import Rows
from content.decode import decode
from content.hyperimage import hyper_image
from content.spec import HyperImageSpec
from data.audio import read_audio
from data.errors import InputError
from evaluation.composing import CENTROID_RANGE, COPIED
from evaluation.composing_features import sound_features
from evaluation.composing_judge import Judge
from evaluation.composing_picture import BELIEVED, DISBELIEVED, REAL, Shown, write_picture
from evaluation.composing_sound import correlations, likeness, pooled, soundness, spectral_centroid
from recsys.steps.composing_pieces import Wanted
from recsys.steps.images import Songs


class Bench:
    """The judge, the real songs to compare with, and the range of centroids of each value's songs."""

    def __init__(self, judge: Judge, songs: Songs, centroids: Mapping[str, Sequence[float]]) -> None:
        self.judge = judge
        self.songs = songs
        self.spec: HyperImageSpec = songs.images.cache.spec
        self.range = {value: tuple(np.percentile(some, CENTROID_RANGE).tolist()) for value, some in centroids.items()}
        self._mels = [self.mel(np.asarray(image, np.float32) / np.float32(255)) for image in songs.images]

    def mel(self, image: NDArray[np.float32]) -> NDArray[np.float32]:
        """Coarse log-mel of an image, for `likeness`."""
        return pooled(image[:, self.spec.rows["mel"]])

    def nearest(self, image: NDArray[np.float32]) -> tuple[str, float]:
        """The real song whose sound is most like a piece's, and how much, in [-1, 1]."""
        mel = self.mel(image)
        like = [likeness(mel, other) for other in self._mels]
        best = int(np.argmax(like))
        return self.songs.tracks[best].name, like[best]

    def shown_song(self, kind: str, value: str, frames: int) -> Shown:
        """As many frames of the middle of the first song of a value, for the picture."""
        row = next(row for row, track in enumerate(self.songs.tracks) if track.labels.get(kind) == value)
        image = np.asarray(self.songs.images[row][:, self.spec.rows["mel"]], np.float32) / np.float32(255)
        start = max(0, (len(image) - frames) // 2)
        return Shown(image[start : start + frames], "a real song", REAL)

    def networks_accuracy(self, networks: Mapping[str, Path], rows: Sequence[int], values: Sequence[str]) -> float:
        """How often the networks' vote names the judge's songs rightly, none of which they have learned from."""
        from content.embedding import embed
        from content.encoder import Encoder

        encoders = [Encoder.load(folder) for folder in networks.values()]
        votes = sum(embed(encoder, Rows(self.songs.images, rows), device="cpu", threads=1)[1] for encoder in encoders)
        said = np.asarray(votes).argmax(axis=1)
        return float(np.mean([encoders[0].classes[column] == value for column, value in zip(said.tolist(), values, strict=True)]))


def draw_pieces(path: Path, rows: Sequence[Mapping[str, Any]], pieces: Sequence[Wanted], bench: Bench) -> None:
    """A PNG: of each value a real song, the piece that the judge believed most, and the one that it believed least."""
    columns: dict[str, list[Shown]] = {}
    for value in dict.fromkeys(row["label"] for row in rows):
        both = sorted(
            ((row, piece) for row, piece in zip(rows, pieces, strict=True) if row["label"] == value),
            key=lambda pair: -pair[0]["probability"],
        )
        columns[value] = [bench.shown_song(both[0][1].kind, value, len(both[0][1].target()))]
        for row, piece in (both[0], both[-1]):
            title = f"{row['probability']:.2f}, heard as {row['judged']}"
            mel = piece.target()[:, bench.spec.rows["mel"]]
            columns[value].append(Shown(mel, title, BELIEVED if row["correct"] else DISBELIEVED))
    write_picture(path, columns, frames_per_second=bench.spec.frames_per_second)


def judge_piece(piece: Wanted, bench: Bench) -> dict[str, Any]:
    """The row of one piece, of its sound file alone (and its target, to which the file's own image is compared)."""
    about = piece.about()
    if about is None:
        raise InputError(f"{piece.wav} is missing or was changed", code="damaged", hint="Run this again")
    spec = bench.spec
    audio = read_audio(piece.wav)
    y = decode(piece.wav, len(audio.samples) / audio.sample_rate, spec)
    image = hyper_image(y, spec).astype(np.float32)
    said = bench.judge.log_probabilities(sound_features(y, spec.sample_rate)[None])[0]
    judged = bench.judge.classes[int(said.argmax())]
    name, like = bench.nearest(image)
    low, high = bench.range[piece.value]
    centroid = spectral_centroid(y, spec.sample_rate)  # at the real songs' sample rate
    of_networks = [kinds[piece.kind][piece.value] for kinds in about["log_probabilities"].values() if piece.kind in kinds]
    return {
        "label": piece.value,
        "seed": piece.seed,
        "judged": judged,
        "probability": float(np.exp(said[bench.judge.classes.index(piece.value)])),
        "correct": judged == piece.value,
        "network_probability": float(np.exp(np.mean(of_networks))),
        "correlations": correlations(piece.target(), image, spec.rows),
        **soundness(audio.samples.mean(axis=1), audio.sample_rate),
        "centroid_hz": centroid,
        "centroid_low_hz": low,
        "centroid_high_hz": high,
        "centroid_inside": bool(low <= centroid <= high),
        "nearest": name,
        "similarity": like,
        "copied": like > COPIED,
        "file": piece.wav.name,
    }
