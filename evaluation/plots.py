"""Figures of a report as SVG text: no file, no network, the same bytes for the same figures."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from evaluation.report_tables import BUCKETS, NAMES, Row, find, is_control, models_by_ndcg

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MODEL_COLOUR, CONTROL_COLOUR, INK, GRID = "#2a6f97", "#b5bcc4", "#25303b", "#e4e8ec"
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

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        axes.grid(color=GRID, zorder=0)
        taken: list[tuple[float, float]] = []
        x_all, y_all = [novelty[m] for m in shown], [ndcg[m]["value"] for m in shown]
        x_unit, y_unit = (max(x_all) - min(x_all)) or 1.0, (max(y_all) - min(y_all)) or 1.0
        for model, x, y in zip(shown, x_all, y_all, strict=True):
            colour = CONTROL_COLOUR if is_control(model) else MODEL_COLOUR
            axes.errorbar(x, y, yerr=_reach(ndcg[model]), fmt="o", color=colour, ecolor=colour, capsize=2, zorder=3)
            # Names of points that lie close to one another go to the right and to the left in turn.
            near = sum(abs(x - a) < 0.3 * x_unit and abs(y - b) < 0.11 * y_unit for a, b in taken)
            offset, side = ((7, 3 - 11 * (near // 2)), "left") if near % 2 == 0 else ((-7, -9 - 11 * (near // 2)), "right")
            axes.annotate(model, (x, y), xytext=offset, textcoords="offset points", fontsize=9, ha=side)
            taken.append((x, y))
        axes.margins(x=0.22, y=0.16)
        axes.set_xlabel(f"{NAMES['novelty']} (left: only what everybody plays)")
        axes.set_ylabel(f"nDCG@{k}")

    return _svg(draw, 5.7, 3.7)


def recall_by_bucket(report: Mapping[str, Any], split: str, k: int) -> str:
    """Recall@k for songs of head, middle and tail, a panel each; "" for a split without buckets."""
    rows = find(report["rows"], split=split, metric="recall", k=k)
    panels = [(b, {r["model"]: r for r in find(rows, slice=b) if r["value"] is not None}) for b in BUCKETS]
    panels = [(bucket, found) for bucket, found in panels if found]
    if not panels:
        return ""
    models = [m for m in models_by_ndcg(report["rows"], split, k) if all(m in found for _, found in panels)]

    def draw(figure: Figure) -> None:
        for axes, (bucket, found) in zip(figure.subplots(1, len(panels), sharey=True, squeeze=False)[0], panels, strict=True):
            _bars(axes, models, found)
            axes.set_title(bucket, fontsize=10, loc="left")
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
