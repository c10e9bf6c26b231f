"""One song as the paper shows it: wave, spectra, blocks, hyper-image (figures 2, 3, 4). matplotlib; librosa for the CQT."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from content.figure_text import boxes_for_unknown_letters, plain
from content.hyperimage import hyper_image
from content.spec import HyperImageSpec
from content.spectrum import power_blocks
from data.files import atomic_path

SECONDS = 5.0  # shown, from the middle, as in the paper's figure 2
CQT_OCTAVES = 7
CQT_F_MIN = 32.703  # Hz, C1


def write_song_figure(path: Path, y: NDArray[np.float32], spec: HyperImageSpec, title: str, *, dpi: int = 110) -> None:
    """Write the figures of one song as a PNG, atomically.

    Parameters
    ----------
    y : float32 (n,), mono, at spec.sample_rate. The hyper-image is of all of it; five seconds around the middle are shown.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    image = hyper_image(y, spec)  # (frames, rows)
    frames = min(len(image), round(SECONDS * spec.frames_per_second))
    first = (len(image) - frames) // 2
    shown = image[first : first + frames]
    part = y[first * spec.hop_length : (first + frames) * spec.hop_length]
    seconds = len(part) / spec.sample_rate

    figure = Figure(figsize=(11, 17), layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle(plain(title))
    axes = figure.subplots(6, 2)
    _wave(axes[0, 0], part, seconds)
    _spectra(axes[0, 1], axes[1, 0], part, spec, seconds)
    _cqt(axes[1, 1], part, spec, seconds)
    for ax, name, unit in (
        (axes[2, 0], "chroma", "pitch class"),
        (axes[2, 1], "tempogram", "tempo class"),
        (axes[3, 0], "mel", "mel band"),
        (axes[3, 1], "mfcc", "coefficient"),
        (axes[4, 0], "contrast", "octave band"),
        (axes[4, 1], "tonnetz", "axis"),
    ):
        _picture(ax, shown[:, spec.rows[name]].T, seconds, name, unit)
    for ax in axes[5]:
        ax.remove()
    whole = figure.add_subplot(axes[5, 0].get_gridspec()[5, :])
    _picture(whole, shown.T, seconds, f"hyper-image: {spec.n_rows} rows", "row")
    with atomic_path(path) as temporary, boxes_for_unknown_letters():
        figure.savefig(temporary, format="png", dpi=dpi)


def _wave(ax: Any, y: NDArray[np.float32], seconds: float) -> None:
    ax.plot(np.linspace(0, seconds, len(y)), y, linewidth=0.3)
    ax.set(title="wave", xlabel="s", ylabel="amplitude", xlim=(0, seconds))


def _spectra(linear: Any, logarithmic: Any, y: NDArray[np.float32], spec: HyperImageSpec, seconds: float) -> None:
    power = np.concatenate(list(power_blocks(y, n_fft=spec.n_fft, hop_length=spec.hop_length)))
    db = 10 * np.log10(np.maximum(power.T, 1e-10))
    hz = np.linspace(0, spec.sample_rate / 2, len(db))
    at = np.linspace(0, seconds, db.shape[1])
    for ax, name in ((linear, "STFT, linear frequency"), (logarithmic, "STFT, logarithmic frequency")):
        ax.pcolormesh(at, hz, db, vmin=db.max() - 80, rasterized=True)
        ax.set(title=name, xlabel="s", ylabel="Hz")
    logarithmic.set_yscale("log")
    logarithmic.set_ylim(60, spec.sample_rate / 2)


def _cqt(ax: Any, y: NDArray[np.float32], spec: HyperImageSpec, seconds: float) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # librosa's own, of short signals and of its dependencies
        import librosa

        cqt = np.abs(librosa.cqt(y, sr=spec.sample_rate, hop_length=spec.hop_length, fmin=CQT_F_MIN, n_bins=12 * CQT_OCTAVES))
    db = 20 * np.log10(np.maximum(cqt, 1e-6))
    ax.imshow(db, origin="lower", aspect="auto", extent=(0, seconds, 0, CQT_OCTAVES), vmin=db.max() - 60)
    ax.set(title="constant-Q transform, chromatic scale", xlabel="s", ylabel="octave from C1")


def _picture(ax: Any, rows: NDArray[np.floating], seconds: float, title: str, unit: str) -> None:
    ax.imshow(rows, origin="lower", aspect="auto", extent=(0, seconds, 0, len(rows)), vmin=0, vmax=1, interpolation="nearest")
    ax.set(title=title, xlabel="s", ylabel=unit)
