"""A composed piece as pictures: the hyper-image before and after, that of the sound itself, and the sound's spectrum."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from content.composing.piece import Piece
from content.hyperimage import hyper_image
from content.spec import HyperImageSpec
from content.spectrum import power_blocks
from data.files import atomic_path

RANGE_DB = 80.0


def write_piece_figure(path: Path, piece: Piece, spec: HyperImageSpec, title: str, *, dpi: int = 100) -> None:
    """Write a PNG, atomically; `spec` is that of `piece.target`."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    images = {"aimed at": piece.target, "of the sound": _own(piece, spec)}
    if piece.before is not None:
        images = {"before": piece.before, **images}
    figure = Figure(figsize=(10, 3.0 * (len(images) + 1)), layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle(title.replace("$", r"\$"))
    axes = figure.subplots(len(images) + 1, 1)
    blocks = list(spec.rows.items())
    for ax, (name, image) in zip(axes, images.items(), strict=False):
        ax.imshow(
            image.T,
            origin="lower",
            aspect="auto",
            extent=(0, piece.seconds, 0, spec.n_rows),
            vmin=0,
            vmax=1,
            interpolation="nearest",
        )
        ax.set(title=f"hyper-image {name}", xlabel="s")
        ax.set_yticks([(rows.start + rows.stop) / 2 for _, rows in blocks], [block for block, _ in blocks])
        for _, rows in blocks[1:]:
            ax.axhline(rows.start, color="white", linewidth=0.6)
    power = np.concatenate(list(power_blocks(piece.samples, n_fft=spec.n_fft, hop_length=spec.hop_length)))
    decibels = 10 * np.log10(np.maximum(power.T, 1e-10))
    axes[-1].imshow(
        decibels,
        origin="lower",
        aspect="auto",
        extent=(0, piece.seconds, 0, spec.sample_rate / 2),
        vmin=decibels.max() - RANGE_DB,
        vmax=decibels.max(),
    )
    axes[-1].set(title="spectrum of the sound", xlabel="s", ylabel="Hz")
    with atomic_path(path) as temporary:
        figure.savefig(temporary, format="png", dpi=dpi)


def _own(piece: Piece, spec: HyperImageSpec) -> NDArray[np.float32]:
    """The hyper-image of the piece as it sounds."""
    return np.asarray(hyper_image(piece.samples, spec), np.float32)
