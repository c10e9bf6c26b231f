"""`python -m benchmarks`: speeds as ratios to named references in the same run; CPU time, one thread."""

from __future__ import annotations

import os

for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_variable] = "1"

import tempfile
from pathlib import Path

import numpy as np

from benchmarks.answers import answers
from benchmarks.timing import medians, print_ratios
from data.world.spec import WorldSpec
from data.world.world import compose_world


def features(song: Path) -> None:
    """Decoding, and the hyper-image's blocks with librosa's definitions."""
    import librosa

    from content.decode import decode
    from content.hyperimage import hyper_image
    from content.spec import HyperImageSpec

    spec = HyperImageSpec(contrast_f_max=11025.0)
    y = decode(song, 30.0, spec)

    def by_librosa() -> None:
        chroma = librosa.feature.chroma_stft(y=y, sr=22050, tuning=0.0)
        mel = librosa.power_to_db(librosa.feature.melspectrogram(y=y, sr=22050), ref=np.max)
        librosa.feature.mfcc(S=mel, n_mfcc=20)
        librosa.feature.spectral_contrast(y=y, sr=22050)
        librosa.feature.tonnetz(chroma=chroma, sr=22050)
        librosa.feature.tempogram(y=y, sr=22050)

    competitors = {
        "librosa, each function by itself": by_librosa,
        "ours, float64 (same definitions but the tempogram)": lambda: hyper_image(y.astype(np.float64), spec),
        "ours, float32 (as used)": lambda: hyper_image(y, spec),
    }
    print_ratios(
        "six feature blocks of a 30 s clip (librosa: autocorrelation tempogram; ours: cyclic)",
        medians(competitors),
        next(iter(competitors)),
    )
    competitors = {"librosa.load": lambda: librosa.load(song, sr=22050), "ours": lambda: decode(song, 30.0, spec)}
    print_ratios("decoding a 30 s stereo mp3 to mono, 22,050 Hz", medians(competitors), "librosa.load")


def training_step() -> None:
    """A training step of the paper's network with torch's and with our local response normalisation."""
    import torch

    from content import lrn, network
    from content.notation import architecture

    torch.set_num_threads(1)
    x, target = torch.rand(32, 1, 233, 215), torch.randint(0, 9, (32,))

    class TorchNorm(torch.nn.LocalResponseNorm):
        def __init__(self, _channels: int, *, size: int, alpha: float, beta: float, k: float) -> None:
            super().__init__(size, alpha * size, beta, k)

    def stepper(norm: type) -> object:
        original, network.LocalResponseNorm = network.LocalResponseNorm, norm
        try:
            module = network.build(architecture("paper"), 233, 215, 9)
        finally:
            network.LocalResponseNorm = original
        optimizer = torch.optim.SGD(module.parameters(), 0.01)

        def step() -> None:
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(module(x), target).backward()
            optimizer.step()

        return step

    competitors = {"with torch.nn.LocalResponseNorm": stepper(TorchNorm), "with content.lrn": stepper(lrn.LocalResponseNorm)}
    print_ratios("training step of the paper's network, 32 snippets", medians(competitors, repeats=3), next(iter(competitors)))


def scoring() -> None:
    """Top-10 of many users: LightFM's own predict against factors, blocks and partial sorting."""
    from lightfm import LightFM

    from collab import lightfm_hybrid
    from collab.engine import EngineConfig, fit
    from collab.history import History
    from collab.ranking import top_k
    from data.world.catalogue import catalogue
    from data.world.listeners import listens

    spec = WorldSpec(songs=5000, listeners=300)
    plays = listens(spec, catalogue(spec))
    model = fit("lightfm-cf", plays, None, EngineConfig(lightfm=lightfm_hybrid.LightFMConfig(epochs=1)))
    theirs = LightFM(no_components=64)
    theirs.fit(plays.matrix().tocoo(), epochs=1, num_threads=1)
    songs = np.arange(len(plays.tracks))

    def predict() -> None:
        for user in range(len(plays.users)):
            scores = theirs.predict(user, songs, num_threads=1)
            scores[scores.argpartition(-10)[-10:]].sort()

    history = History.of_listens(plays)
    users = np.arange(len(plays.users), dtype=np.int32)
    competitors = {
        "LightFM.predict, user by user": predict,
        "ours, in blocks": lambda: top_k(model.scores, users, 10, seen=history),
    }
    print_ratios("top 10 of 5,000 songs for 300 users, ids only", medians(competitors, repeats=3), next(iter(competitors)))


def main() -> None:
    """Run all, on a composed song of 30 s."""
    with tempfile.TemporaryDirectory() as scratch:
        compose_world(Path(scratch), WorldSpec(songs=9, listeners=3, seconds=30.0))
        features(next(Path(scratch).rglob("*.mp3")))
        answers(Path(scratch))
    training_step()
    scoring()


if __name__ == "__main__":
    main()
