"""Reports rendered from JSON: complete, escaped, self-contained, the same bytes each time."""

import json
import re
from html.parser import HTMLParser

import pytest

from evaluation.report_html import render_html
from evaluation.report_markdown import render_markdown

EVIL = '<script>alert("x")</script> | `$a_b$`'


def row(model, split, slice_name, metric, value, k=10):
    spread = {"low": value - 0.01, "high": value + 0.01} if value is not None else {"low": None, "high": None}
    return {
        "model": model, "split": split, "slice": slice_name, "metric": metric, "k": k, "value": value, **spread,
        "n_users": 40, "n_candidates": 300,
    }  # fmt: skip


@pytest.fixture(scope="module")
def recommenders():
    rows = []
    for number, model in enumerate(["random", "popularity", "content-shuffled", "als", EVIL]):
        for split in ("warm", "cold"):
            rows += [row(model, split, "all", m, 0.1 * number) for m in ("ndcg", "recall", "map")]
            rows += [row(model, split, "all", "auc", 0.5, k=None)]
        rows += [row(model, "warm", "all", "novelty", 7.0 + number)]
        rows += [row(model, "warm", bucket, "recall", 0.1 * number) for bucket in ("head", "middle", "tail")]
        rows += [row(model, "warm", f"history {n}-{n}", m, 0.1 * number) for n in (1, 2) for m in ("recall", "ndcg")]
    difference = row("random", "warm", "all", "ndcg", -0.3)
    del difference["n_candidates"]
    return {
        "rows": rows,
        "counts": {"warm": {"listens": 1234, "test listens": 246}},
        "differences": [difference | {"reference": "als"}],
        "train_seconds": {"warm": {"als": 1.25}},
        "models": {EVIL: {"knows": "both", "cold_songs": True, "new_users": False}},
        "notes": ["All candidates are ranked."],
    }


@pytest.fixture(scope="module")
def label():
    figures = {"loss": 1.2, "precision_at_1": 0.567, "precision_at_3": 0.829, "macro_f1": 0.5}
    return {
        "label": "genre",
        "split": "artist",
        "architecture": "IC(5,15,64)F(192)O",
        "folds": [{"fold": n, **figures} for n in range(3)],
        "mean": figures,
        "controls": {"majority": figures | {"precision_at_1": 0.267}, "shuffled_labels": figures},
        "classes": ["jazz", EVIL],
        "song_confusion": [[5, 1], [0, 7]],
    }


@pytest.fixture(scope="module")
def page(recommenders, label):
    return render_html(
        recommenders, [label], title="Report", run={"command": f"recsys {EVIL}"}, notes=["This world is composed."]
    )


class Balance(HTMLParser):
    """Collects attributes and checks that tags close in order."""

    def __init__(self):
        super().__init__()
        self.open, self.attributes, self.tags = [], [], []

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes += attributes
        if tag != "meta":
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.attributes += attributes

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def parsed(text):
    parser = Balance()
    parser.feed(text)
    assert parser.open == []
    return parser


def test_the_page_is_well_formed(page):
    parsed(page)


def test_the_page_loads_nothing_and_runs_nothing(page):
    parser = parsed(page)
    assert not {"script", "link", "img", "iframe"} & set(parser.tags)
    links = [value for name, value in parser.attributes if name in ("src", "href", "xlink:href")]
    assert all(value.startswith("#") for value in links)
    assert "@import" not in page


def test_names_from_data_are_escaped(page, recommenders, label):
    assert "<script" not in page
    assert "<script" not in render_markdown(recommenders, [label], title=EVIL, notes=[EVIL])


def test_models_stand_in_order_of_ndcg(page):
    table = page[page.index("Split warm, top 10") :]
    names = re.findall(r"<tr[^>]*><td>([^<]*)</td>", table)[:5]
    assert names[1:] == ["als", "content-shuffled", "popularity", "random"]


def test_each_split_has_its_pictures(page):
    assert page.count("<svg") == 5  # warm: bars, scatter, buckets, history; cold: bars


@pytest.mark.parametrize("render", [render_html, render_markdown])
def test_figures_by_history_stand_under_their_split_alone(render, recommenders):
    text = render(recommenders, [], title="R")
    assert "by length of the listener's history, split warm" in text.replace("&#x27;", "'")
    assert "history, split cold" not in text


@pytest.mark.parametrize(
    ("render", "line"), [(render_html, "<td>both</td><td>yes</td><td>no</td>"), (render_markdown, "| both | yes | no |")]
)
def test_what_each_model_knows_is_a_table(render, line, recommenders):
    assert line in render(recommenders, [], title="R")


@pytest.mark.parametrize("render", [render_html, render_markdown])
def test_a_report_of_an_earlier_version_renders_without_it(render, recommenders):
    old = {name: value for name, value in recommenders.items() if name != "models"}
    assert "What each model knows" not in render(old, [], title="R")


@pytest.mark.parametrize("render", [render_html, render_markdown])
def test_songs_without_listens_are_a_bucket_where_they_are_candidates(render, recommenders):
    more = recommenders | {"rows": [*recommenders["rows"], row("als", "warm", "cold", "recall", 0.2)]}
    assert "cold: without listens" in render(more, [], title="R")
    assert "cold: without listens" not in render(recommenders, [], title="R")


def test_the_page_says_what_was_run_and_what_must_be_known(page):
    assert "recsys &lt;script&gt;" in page
    assert "This world is composed." in page
    assert "1234" in page


@pytest.mark.parametrize("render", [render_html, render_markdown])
def test_the_label_table_stands_with_its_controls(render, label):
    text = render(None, [label], title="Labels")
    for part in ("precision@3", "0.829", "majority", "0.267", "shuffled labels", "IC(5,15,64)F(192)O"):
        assert part in text


@pytest.mark.parametrize("render", [render_html, render_markdown])
def test_a_saved_report_renders_to_the_same_text(render, recommenders, label):
    saved = json.loads(json.dumps([recommenders, label]))
    assert render(saved[0], [saved[1]], title="R") == render(recommenders, [label], title="R")


def test_a_report_of_nothing_is_still_a_page():
    assert "<h1>Empty</h1>" in render_html(None, [], title="Empty")


def test_figures_without_a_value_are_shown_as_a_dash(recommenders):
    empty = recommenders | {"rows": [row("als", "warm", "all", "ndcg", None)], "differences": []}
    assert "<td>-</td>" in render_html(empty, [], title="R")
    assert "| als | - |" in render_markdown(empty, [], title="R")


def test_markdown_tables_have_as_many_cells_in_each_row(recommenders, label):
    text = render_markdown(recommenders, [label], title="R")
    for block in text.split("\n\n"):
        lines = [line for line in block.splitlines() if line.startswith("|")]
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in lines}) <= 1


def test_rendering_leaves_no_figure_open(page):
    from matplotlib import pyplot

    assert "<svg" in page
    assert pyplot.get_fignums() == []


def test_the_folds_of_a_split_share_a_line_of_counts(recommenders):
    counts = {"cold 1 of 2": {"test listens": 20}, "cold 2 of 2": {"test listens": 30}}
    text = render_markdown(recommenders | {"counts": counts}, [], title="R")
    assert "| cold | test listens | 20, 30 |" in text
