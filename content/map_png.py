"""The map of the songs as a still picture: a 3-d scatter plot coloured by label (paper, figure 6)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from content.figure_text import boxes_for_unknown_letters, plain
from content.map_page import label_colour, label_order
from data.errors import InputError
from data.files import atomic_path

# Shapes repeat with another period than colours, so that a pair of both is told apart also without colour vision.
MARKERS = ("o", "s", "^", "D", "v")


def write_map_png(
    path: Path,
    coordinates: NDArray[np.float32],
    explained: NDArray[np.float64],
    labels: Sequence[str],
    title: str,
    *,
    rest: str = "no label",
    dpi: int = 150,
) -> None:
    """Write the picture to `path` as PNG, atomically.

    Parameters
    ----------
    coordinates : float32 (n, 3), from `content.pca.pca`.
    explained : float64 (3,), share of the variance along each axis.
    labels : one a song; "" where unknown.
    title : heading.
    rest : what the legend calls the songs of label "".
    dpi : dots per inch; the picture is 8 x 6 inches.

    Raises
    ------
    InputError : shapes that do not fit, or a file that cannot be written.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    if coordinates.shape != (len(labels), 3):
        raise InputError(f"map: coordinates {coordinates.shape} must be ({len(labels)}, 3)")
    # Figure and canvas by hand, not pyplot: no global state, no display.
    figure = Figure(figsize=(8, 6), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot(projection="3d")
    size = float(np.clip(9000 / max(1, len(labels)), 5, 30))
    of = np.asarray(labels)
    for index, label in enumerate(label_order(labels)):
        points = coordinates[of == label]
        colour, marker = label_colour(label, index), MARKERS[index % len(MARKERS)]
        name = f"{plain(label or rest)} ({len(points)})"
        axes.scatter(*points.T, s=size, color=colour, marker=marker, alpha=0.75, linewidths=0, label=name)
    for axis, share, name in zip((axes.set_xlabel, axes.set_ylabel, axes.set_zlabel), explained, ("1", "2", "3"), strict=True):
        axis(f"component {name} ({share:.0%})")
    axes.set_title(f"{plain(title)}\nthe three axes hold {float(explained.sum()):.0%} of the variance", fontsize=11)
    figure.legend(loc="outside right upper", fontsize=8, frameon=False, markerscale=1.6)
    with atomic_path(path) as temporary, boxes_for_unknown_letters():
        figure.savefig(temporary, format="png", dpi=dpi, metadata={"Software": None})
