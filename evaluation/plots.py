"""Figures of a report as SVG text: no file, no network, the same bytes for the same figures."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from evaluation.report_tables import BUCKETS, NAMES, Row, find, history_slices, is_control, models_by_ndcg

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MODEL_COLOUR, CONTROL_COLOUR, INK, GRID = "#2a6f97", "#b5bcc4", "#25303b", "#e4e8ec"
_LINE = 0.19  # inches that a line of 9 points takes
_STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",  # text stays text: the page's font, selectable, small
    "svg.hashsalt": "recsys",
    "font.family": "sans-serif",
    "font.size": 10,
    "axes.edgecolor": "#9aa4af",
    "axes.labelcolor": INK,
    "text.color": INK,
    "text.parse_math": False,  # a "$" in a model's name is a "$"
    "xtick.color": INK,
    "ytick.color": INK,
    "figure.constrained_layout.wspace": 0.05,  # numbers below neighbouring panels keep apart
    "axes.spines.top": False,
    "axes.spines.right": False,
}


def ndcg_bars(report: Mapping[str, Any], split: str, k: int) -> str:
    """Bars of nDCG@k with 95 % intervals, best on top, controls in grey; "" if the split has no value."""
    models = models_by_ndcg(report["rows"], split, k)
    found = {row["model"]: row for row in find(report["rows"], split=split, slice="all", metric="ndcg", k=k)}
    shown = [model for model in models if model in found and found[model]["value"] is not None]
    if not shown:
        return ""

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        _bars(axes, shown, found)
        axes.set_xlabel(f"nDCG@{k}")

    return _svg(draw, 5.7, 0.9 + 0.34 * len(shown))


def bias_scatter(report: Mapping[str, Any], split: str, k: int) -> str:
    """Accuracy against popularity bias: nDCG@k over the novelty of the lists; "" if the split has no novelty."""
    rows = report["rows"]
    novelty = {row["model"]: row["value"] for row in find(rows, split=split, slice="all", metric="novelty", k=k)}
    ndcg = {row["model"]: row for row in find(rows, split=split, slice="all", metric="ndcg", k=k)}
    shown = [m for m in models_by_ndcg(rows, split, k) if novelty.get(m) is not None and m in ndcg]
    if not shown:
        return ""
    height = max(3.7, 0.8 + _LINE * len(shown))

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        axes.grid(color=GRID, zorder=0)
        for model in shown:
            colour = CONTROL_COLOUR if is_control(model) else MODEL_COLOUR
            reach = _reach(ndcg[model])
            axes.errorbar(
                novelty[model], ndcg[model]["value"], yerr=reach, fmt="o", color=colour, ecolor=colour, capsize=2, zorder=3
            )
        axes.margins(x=0.06, y=0.08)
        low, high = axes.get_ylim()
        places = spread([(ndcg[model]["value"] - low) / (high - low) for model in shown], _LINE / height)
        for model, place in zip(shown, places, strict=True):  # names stand in a column, so that none lies on another
            point = novelty[model], ndcg[model]["value"]
            line = {"arrowstyle": "-", "color": "#9aa4af", "linewidth": 0.6, "shrinkA": 1, "shrinkB": 3, "relpos": (0, 0.5)}
            axes.annotate(
                model, point, (1.04, place), textcoords="axes fraction", fontsize=9, va="center", arrowprops=line, zorder=1
            )
        axes.set_xlabel(f"{NAMES['novelty']} (left: only what everybody plays)")
        axes.set_ylabel(f"nDCG@{k}")

    return _svg(draw, 6.4, height)


def spread(places: Sequence[float], gap: float) -> list[float]:
    """Falling places in [0, 1] moved apart by least squares, so that neighbours are at least `gap` apart (less if room lacks).

    Isotonic regression of place + number * gap by pooling adjacent violators.
    """
    n = len(places)
    gap = min(gap, 1 / max(1, n - 1))
    pools: list[tuple[float, int]] = []  # (mean, size): places that were pushed against each other
    for number, place in enumerate(places):
        mean, size = place + number * gap, 1
        while pools and pools[-1][0] < mean:
            above, others = pools.pop()
            mean, size = (mean * size + above * others) / (size + others), size + others
        pools.append((mean, size))
    free = [mean - number * gap for number, mean in enumerate(mean for mean, size in pools for _ in range(size))]
    return [min(1 - number * gap, max((n - 1 - number) * gap, place)) for number, place in enumerate(free)]


def recall_by_bucket(report: Mapping[str, Any], split: str, k: int) -> str:
    """Recall@k for songs of head, middle, tail and without listens, a panel each; "" for a split without buckets."""
    return _recall_panels(report, split, k, {bucket: bucket for bucket in BUCKETS}, one_scale=False)


def recall_by_history(report: Mapping[str, Any], split: str, k: int) -> str:
    """Recall@k for listeners of short, middling and long histories, a panel each; "" for a split without such slices."""
    slices = history_slices(report["rows"], split)
    titles = {name: f"{name.removeprefix('history ')} songs in train" for name in slices}
    return _recall_panels(report, split, k, titles, one_scale=True)


def _recall_panels(report: Mapping[str, Any], split: str, k: int, titles: Mapping[str, str], *, one_scale: bool) -> str:
    """Bars of recall@k, a panel for each slice of `titles` that has values; "" if none has."""
    rows = find(report["rows"], split=split, metric="recall", k=k)
    panels = [(title, {r["model"]: r for r in find(rows, slice=s) if r["value"] is not None}) for s, title in titles.items()]
    panels = [(title, found) for title, found in panels if found]
    if not panels:
        return ""
    models = [m for m in models_by_ndcg(report["rows"], split, k) if all(m in found for _, found in panels)]

    def draw(figure: Figure) -> None:
        grid = figure.subplots(1, len(panels), sharey=True, sharex=one_scale, squeeze=False)
        for axes, (title, found) in zip(grid[0], panels, strict=True):
            _bars(axes, models, found)
            axes.set_title(title, fontsize=10, loc="left")
            axes.set_xlabel(f"recall@{k}")

    return _svg(draw, 10.6, 1.1 + 0.32 * len(models))


def _bars(axes: Axes, models: list[str], found: Mapping[str, Row]) -> None:
    """Horizontal bars with intervals, the first model on top."""
    places = range(len(models))
    axes.barh(
        places,
        [found[m]["value"] for m in models],
        xerr=[[_reach(found[m])[side][0] for m in models] for side in (0, 1)],
        color=[CONTROL_COLOUR if is_control(m) else MODEL_COLOUR for m in models],
        height=0.68,
        ecolor=INK,
        error_kw={"elinewidth": 1, "capsize": 2},
        zorder=2,
    )
    axes.set_yticks(places, models)
    axes.set_ylim(len(models) - 0.5, -0.5)
    axes.set_xlim(left=0)
    axes.locator_params(axis="x", nbins=5)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x", color=GRID, zorder=0)


def _reach(row: Row) -> list[list[float]]:
    """How far the interval goes to either side of the value, never below 0; no reach where it has none."""
    value, low, high = row["value"], row["low"], row["high"]
    return [[max(0.0, value - low) if low is not None else 0.0], [max(0.0, high - value) if high is not None else 0.0]]


def _svg(draw: Callable[[Figure], None], width: float, height: float) -> str:
    """Draw into a figure of width x height inches and return its <svg> element."""
    import matplotlib as mpl

    with mpl.rc_context(_STYLE):
        from matplotlib.backends.backend_svg import FigureCanvasSVG
        from matplotlib.figure import Figure

        figure = Figure(figsize=(width, height), layout="constrained")  # no pyplot: nothing stays open
        draw(figure)
        buffer = io.StringIO()
        FigureCanvasSVG(figure).print_svg(buffer, metadata={"Date": None, "Creator": None})  # type: ignore[no-untyped-call]
    text = buffer.getvalue()
    return text[text.index("<svg") :]
