"""A report as one HTML file that needs nothing else: no script, no network; pictures are inline SVG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from evaluation import plots
from evaluation import report_labels as labels_tables
from evaluation import report_tables as tables
from evaluation.published_table import beside_published
from evaluation.report_tables import Cell, Table

_CSS = """
:root { color-scheme: light; }
body { font: 15px/1.5 system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; color: #25303b; background: #fff;
  max-width: 1240px; margin: 0 auto; padding: 2rem 1.5rem 4rem; }
h1 { font-size: 1.7rem; margin: 0 0 .6rem; }
h2 { font-size: 1.25rem; margin: 2.6rem 0 .4rem; padding-top: .9rem; border-top: 1px solid #d6dce2; }
h3 { font-size: 1rem; margin: 1.4rem 0 .4rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1rem; margin: .6rem 0; font-size: .9rem; }
dt { color: #64717e; } dd { margin: 0; font-family: ui-monospace, "DejaVu Sans Mono", monospace; overflow-wrap: anywhere; }
.note { background: #fff6df; border-left: 4px solid #e0a526; padding: .5rem .8rem; margin: .5rem 0; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: .85rem; font-variant-numeric: tabular-nums; }
th, td { padding: .28rem .5rem; text-align: right; vertical-align: top; border-bottom: 1px solid #e4e8ec; white-space: nowrap; }
thead th { color: #64717e; font-weight: 600; border-bottom: 2px solid #b5bcc4; vertical-align: bottom; }
th:first-child, td:first-child { text-align: left; }
td small { display: block; color: #7a8794; font-size: .76rem; }
tr.control td { color: #7a8794; } tr.mean td { border-top: 2px solid #b5bcc4; }
table.counts td:nth-child(2), table.counts th:nth-child(2), table.models td, table.models th { text-align: left; }
table.confusion td { text-align: center; border: 1px solid #fff; } table.confusion td:first-child { text-align: right; }
.row { display: flex; flex-wrap: wrap; gap: 1.2rem 2.4rem; align-items: flex-start; }
.row section { max-width: 34rem; } .row section:has(.confusion), .row section:has(.folds) { max-width: none; }
.under { margin: .4rem 0; }
figure { margin: .6rem 0; } figcaption, .under, ul.notes { color: #64717e; font-size: .85rem; }
svg { max-width: 100%; height: auto; } svg text { font-family: inherit !important; }
"""


def render_html(
    recommenders: Mapping[str, Any] | None,
    labels: Sequence[Mapping[str, Any]] = (),
    *,
    title: str,
    run: Mapping[str, str] | None = None,
    notes: Sequence[str] = (),
) -> str:
    """One page: what was run, tables and plots of every split, and the label tables with their confusion beside them.

    Parameters
    ----------
    recommenders : JSON of `evaluate recommenders` (`Comparison.as_dict()` or read from a file), or None.
    labels : JSON of `evaluate labels`, any number.
    run : what was run, shown at the head in order: command, data, seeds, date.
    notes : said in a box on top, e.g. that the world is composed.
    """
    parts = [f"<h1>{escape(title)}</h1>"]
    if run:
        parts.append(
            "<dl>" + "".join(f"<dt>{escape(what)}</dt><dd>{escape(value)}</dd>" for what, value in run.items()) + "</dl>"
        )
    parts += [f'<p class="note">{escape(note)}</p>' for note in notes]
    if recommenders is not None:
        parts += _recommenders(recommenders)
    for report in labels:
        parts += _label(report)
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{escape(title)}</title>'
    body = "\n".join(parts)
    return f'<!DOCTYPE html>\n<html lang="en"><head>{head}<style>{_CSS}</style></head>\n<body>\n{body}\n</body></html>\n'


def _recommenders(report: Mapping[str, Any]) -> list[str]:
    rows = report["rows"]
    parts = []
    for split in dict.fromkeys(row["split"] for row in rows):
        parts.append(f"<h2>Recommenders: split {escape(split)}</h2>")
        beside = beside_published(report, split)
        parts += [] if beside is None else [_table(beside)]
        for k in tables.list_lengths(rows):
            parts.append(_table(tables.result_table(report, split, k)))
            parts.append(
                '<div class="row">'
                + _figure(plots.ndcg_bars(report, split, k), f"nDCG@{k} with 95 % intervals; grey: controls")
                + _figure(plots.bias_scatter(report, split, k), "Accuracy against popularity bias")
                + "</div>"
            )
            bucket, difference = tables.bucket_table(report, split, k), tables.difference_table(report, split, k)
            picture = _figure(plots.recall_by_bucket(report, split, k), f"Recall@{k} by popularity of the song")
            parts.append(picture)
            parts.append('<div class="row">' + "".join(_table(t) for t in (bucket, difference) if t is not None) + "</div>")
            history = tables.history_table(report, split, k)
            parts.append(_figure(plots.recall_by_history(report, split, k), f"Recall@{k} by songs of the listener in train"))
            parts.append(_table(history) if history is not None else "")
    models = tables.models_table(report)
    parts.append("<h2>Models</h2>" + _table(models, kind="models") if models is not None else "")
    parts.append("<h2>Counts and rules</h2>" + _table(tables.counts_table(report), kind="counts"))
    return [*parts, _notes(report.get("notes", ()))]


def _label(report: Mapping[str, Any]) -> list[str]:
    confusion = labels_tables.confusion_table(report)
    beside = _confusion(confusion) if confusion is not None else ""
    more = (labels_tables.against_table(report), labels_tables.flattery_table(report))
    return [
        f"<h2>Label: {escape(report['label'])}, split by {escape(report['split'])}</h2>",
        f'<div class="row">{_table(labels_tables.fold_table(report), kind="folds")}{beside}</div>',
        *(f'<div class="row">{_table(table, kind="folds")}</div>' for table in more if table is not None),
        _notes(labels_tables.notes(report)),
    ]


def _table(table: Table, *, kind: str = "") -> str:
    head = "".join(f"<th>{escape(name)}</th>" for name in table.head)
    body = "".join(f"<tr{_row_class(row[0].text)}>{''.join(map(_cell, row))}</tr>" for row in table.rows)
    under = f'<p class="under">{escape(table.note)}</p>' if table.note else ""
    grid = f'<table class="{kind}"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'
    return f'<section><h3>{escape(table.title)}</h3><div class="scroll">{grid}</div>{under}</section>'


def _row_class(name: str) -> str:
    if name.startswith("control: ") or tables.is_control(name):
        return ' class="control"'
    return ' class="mean"' if name == "mean" else ""


def _cell(cell: Cell) -> str:
    text = f"<b>{escape(cell.text)}</b>" if cell.best else escape(cell.text)
    return f"<td>{text}<small>{escape(cell.small)}</small></td>" if cell.small else f"<td>{text}</td>"


def _confusion(table: Table) -> str:
    """A matrix whose cells are the darker the larger their share of their row (recall on the diagonal)."""
    head = "".join(f"<th>{escape(name)}</th>" for name in table.head)
    lines = []
    for row in table.rows:
        total = sum(int(cell.text) for cell in row[1:]) or 1
        cells = [f"<td>{escape(row[0].text)}</td>"]
        for cell in row[1:]:
            share = int(cell.text) / total
            ink = "#fff" if share > 0.55 else "#25303b"
            cells.append(f'<td style="background:rgba(42,111,151,{share:.2f});color:{ink}">{escape(cell.text)}</td>')
        lines.append(f"<tr>{''.join(cells)}</tr>")
    grid = f'<table class="confusion"><thead><tr>{head}</tr></thead><tbody>{"".join(lines)}</tbody></table>'
    under = '<p class="under">Songs; rows are the true label. Darker: a larger share of the row.</p>'
    return f'<section><h3>{escape(table.title)}</h3><div class="scroll">{grid}</div>{under}</section>'


def _figure(svg: str, caption: str) -> str:
    return f"<figure>{svg}<figcaption>{escape(caption)}</figcaption></figure>" if svg else ""


def _notes(notes: Sequence[str]) -> str:
    return '<ul class="notes">' + "".join(f"<li>{escape(note)}</li>" for note in notes) + "</ul>" if notes else ""
