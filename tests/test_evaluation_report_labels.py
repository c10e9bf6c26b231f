"""The tables of a label's cross-validation, rendered from its JSON."""

import pytest

from evaluation import report_labels as tables
from evaluation.report_html import render_html
from evaluation.report_markdown import render_markdown

NAMES = ("loss", "precision_at_1", "precision_at_3", "macro_f1")


@pytest.fixture
def report():
    figures = {f"{prefix}{name}": 0.25 + 0.5 * bool(prefix) for prefix in ("", "song_") for name in NAMES}
    change = {"value": 0.05, "low": 0.01, "high": 0.09}
    return {
        "label": "mood",
        "split": "artist",
        "architecture": "IC(5,15,64)F(192)O",
        "folds": [{"fold": n, **figures} for n in range(2)],
        "mean": figures,
        "low": {name: value - 0.125 for name, value in figures.items()},
        "high": {name: value + 0.125 for name, value in figures.items()},
        "controls": {"majority": figures, "svm_statistics": figures | {"song_precision_at_1": 0.678}},
        "classes": ["Q1", "Q2"],
        "song_confusion": [[30, 10], [5, 55]],
        "flatters": {"song": {"song_precision_at_1": 0.031}, "snippet": {"song_precision_at_1": 0.222}},
        "against": {
            "architecture": "IC(9,15,8)F(192)O",
            "mean": figures,
            "unit": "artist",
            "units": 71,
            "songs": 100,
            "train_seconds": {"architecture": 400.0, "against": 20.0},
            "difference": {"song_precision_at_1": change, "song_macro_f1": change | {"low": -0.01}},
        },
        "notes": ["A note."],
    }


@pytest.mark.parametrize("render", [render_html, render_markdown])
def test_a_report_holds_controls_flattery_and_the_rival(render, report):
    text = render(None, [report], title="R")
    for part in ("SVM on statistics", "0.678", "+0.222", "IC(9,15,8)F(192)O", "+0.010 to +0.090", "71 artists", "400", "A note."):
        assert part in text


def test_the_table_can_be_of_snippets_or_of_songs_alone(report):
    (of_snippets, of_songs) = (tables.fold_table(report, per=(unit,)) for unit in ("snippet", "song"))
    assert of_snippets.head == of_songs.head == ("fold", "loss", "precision@1", "precision@3", "macro F1")
    assert (of_snippets.rows[0][1].text, of_songs.rows[0][1].text) == ("0.250", "0.750")


def test_a_difference_is_bold_where_its_interval_does_not_hold_0(report):
    difference = tables.against_table(report).rows[-1]
    assert [cell.best for cell in difference[1:3]] == [True, False]


def test_without_flattery_or_rival_there_is_no_such_table(report):
    assert tables.flattery_table(report | {"flatters": {}}) is None
    assert tables.against_table({key: value for key, value in report.items() if key != "against"}) is None


def test_what_would_tell_is_said_while_it_is_not_known(report):
    assert "try --split all" in render_html(None, [report | {"flatters": {}, "flatters_note": "try --split all"}], title="R")


def test_the_confusion_is_shaded_by_its_share_of_the_row(report):
    text = render_html(None, [report], title="R")
    assert 'rgba(42,111,151,0.75);color:#fff">30<' in text
    assert 'rgba(42,111,151,0.92);color:#fff">55<' in text
