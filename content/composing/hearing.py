"""How scores are played for networks, and what networks say of a sound."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from content.decode import resample, to_mono
from content.hyperimage import hyper_image, to_bytes
from content.spec import HyperImageSpec
from data.errors import InputError
from data.world.render import SAMPLE_RATE, render
from data.world.score import compose
from data.world.space import Point

if TYPE_CHECKING:
    from content.encoder import Encoder

Networks = Mapping[str, Mapping[str, "Encoder"]]  # kind of label -> name -> network that tells it
Wishes = Mapping[str, Mapping[str, float]]  # kind -> value -> share
Said = Mapping[str, Mapping[str, Mapping[str, float]]]  # network's name -> kind -> value -> log-probability


def play(point: Point, notes: int, seconds: float) -> NDArray[np.float32]:
    """The sound of a style, float32 (round(seconds * 44100),), mono; `notes` is the seed of what the band plays."""
    style = point.style
    return np.ascontiguousarray(to_mono(render(style, compose(style, seconds, np.random.default_rng(notes)), seconds)))


def heard_by(networks: Networks, image: NDArray[np.uint8]) -> Said:
    """What each network says of a song, its snippets' vote: name -> kind -> value -> log-probability.

    Parameters
    ----------
    image : uint8 (frames, n_rows).
    """
    from content.embedding import embed

    out: dict[str, dict[str, dict[str, float]]] = {}
    for kind, of_kind in networks.items():
        for name, network in of_kind.items():
            said = embed(network, [image], device="cpu", threads=1)[1][0]
            out.setdefault(name, {})[kind] = dict(zip(network.classes, said.tolist(), strict=True))
    return out


def check_wishes(networks: Networks, wishes: Wishes) -> None:
    """Raise InputError unless each wish is known to the networks of its kind."""
    for kind, values in wishes.items():
        if not networks.get(kind):
            raise InputError(f"there is no network for label {kind!r}", code="no-model", hint=f"Train one: --label {kind}")
        for network in networks[kind].values():
            for value in values:
                if value not in network.classes:
                    known = ", ".join(network.classes)
                    raise InputError(f"{kind} {value!r} is none that the network knows: {known}", code="unknown-value")


def image_of(sound: NDArray[np.float32], spec: HyperImageSpec) -> NDArray[np.uint8]:
    """The hyper-image of a sound at 44,100 Hz, as it would be kept, uint8 (frames, n_rows)."""
    return to_bytes(hyper_image(resample(sound, SAMPLE_RATE, spec.sample_rate), spec))


def low_pass(sound: NDArray[np.float32], cutoff: float) -> NDArray[np.float32]:
    """A sound at 44,100 Hz without what lies above `cutoff` Hz (Butterworth, fourth order)."""
    from scipy.signal import butter, sosfilt

    return np.asarray(sosfilt(butter(4, cutoff, fs=SAMPLE_RATE, output="sos"), sound), np.float32)
