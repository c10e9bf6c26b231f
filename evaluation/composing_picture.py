"""Spectrograms of compositions: what the judge believed most and least of each value, below a real song."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from data.files import atomic_path


class Shown(NamedTuple):
    """One spectrogram: log-mel rows float (frames, n_mels) in [0, 1], a line above it, and how the frame is coloured."""

    mel: NDArray[np.floating]
    title: str
    colour: str


BELIEVED, DISBELIEVED, REAL = "#2b8a3e", "#c92a2a", "#868e96"


def write_picture(path: Path, columns: Mapping[str, Sequence[Shown]], *, frames_per_second: float, dpi: int = 70) -> None:
    """Write one column of spectrograms a value as a PNG, atomically; all columns have as many.

    Parameters
    ----------
    columns : value -> its spectrograms, top to bottom.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    height = max(len(column) for column in columns.values())
    figure = Figure(figsize=(2.1 * len(columns) + 0.4, 1.7 * height + 0.4), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(height, len(columns), squeeze=False)
    for place, (value, column) in enumerate(columns.items()):
        for row, shown in enumerate(column):
            ax = axes[row][place]
            seconds = len(shown.mel) / frames_per_second
            ax.imshow(shown.mel.T, origin="lower", aspect="auto", cmap="magma", vmin=0, vmax=1, extent=(0, seconds, 0, 1))
            ax.set_title(f"{value}\n{shown.title}" if row == 0 else shown.title, fontsize=8, parse_math=False)
            ax.tick_params(labelsize=6)
            ax.set_yticks([])
            for side in ax.spines.values():
                side.set(color=shown.colour, linewidth=2.5)
    figure.supxlabel("seconds", fontsize=8)
    with atomic_path(path) as temporary:
        figure.savefig(temporary, format="png", dpi=dpi)
