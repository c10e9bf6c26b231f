"""The map of the songs: a page that needs nothing and trusts no name, and a still picture."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

from content.map_page import label_order, map_page
from content.map_png import write_map_png
from data.errors import InputError

COORDINATES = np.random.default_rng(0).normal(size=(4, 3)).astype(np.float32)
EXPLAINED = np.array([0.2, 0.15, 0.06])
NAMES = ["Ada - One", "</script><script>alert(1)</script>", "@NOTE@ & @TITLE@ \u2028 - <!--", 'Q"uote\\ - ünï']
IDS = ["t1", "t2", "t3", "t4"]
LABELS = ["jazz", "", "<b>rock</b>", "jazz"]


@pytest.fixture(scope="module")
def page():
    return map_page(COORDINATES, EXPLAINED, NAMES, IDS, LABELS, "Songs <by> mood")


def data(page: str) -> dict:
    return json.loads(re.search(r'<script id="songs" type="application/json">(.*?)</script>', page, re.DOTALL).group(1))


def test_the_page_asks_nothing_of_the_network(page):
    assert not re.search(r"https?:|//[a-z]+\.|<link|@import|url\(|\bsrc=|fetch\(|import\(", page)
    assert "default-src 'none'" in page


def test_a_name_cannot_end_the_script(page):
    assert page.count("<script") == page.count("</script>") == 2
    assert "alert(1)</script>" not in page


def test_names_ids_and_labels_come_back_as_they_were(page):
    songs = data(page)
    assert songs["names"] == NAMES
    assert songs["ids"] == IDS
    assert [songs["labels"][row] for row in songs["label"]] == ["jazz", "no label", "<b>rock</b>", "jazz"]


def test_the_title_is_escaped(page):
    assert "<title>Songs &lt;by&gt; mood</title>" in page


def test_the_script_never_reads_a_name_as_markup(page):
    assert "innerHTML" not in page
    assert "insertAdjacentHTML" not in page
    assert "document.write" not in page


def test_the_page_says_how_much_of_the_variance_it_shows(page):
    assert "These three axes hold 41% of the variance" in page


def test_all_axes_share_one_scale(page):
    drawn = np.array(data(page)["xyz"]).reshape(-1, 3)
    np.testing.assert_allclose(drawn, COORDINATES / np.abs(COORDINATES).max(), atol=1e-4)


def test_the_same_songs_give_the_same_page(page):
    assert map_page(COORDINATES, EXPLAINED, NAMES, IDS, LABELS, "Songs <by> mood") == page


def test_no_songs_and_equal_songs_make_a_page():
    assert data(map_page(np.zeros((0, 3), np.float32), np.zeros(3), [], [], [], "empty"))["ids"] == []
    assert data(map_page(np.zeros((2, 3), np.float32), np.zeros(3), ["a", "b"], ["1", "2"], ["", ""], "flat"))["xyz"] == [0.0] * 6


def test_a_legend_lists_labels_sorted_and_the_unknown_last():
    assert label_order(["pop", "", "blues", "pop"]) == ["blues", "pop", ""]


def test_lists_of_other_lengths_are_refused():
    with pytest.raises(InputError, match="3 names"):
        map_page(COORDINATES, EXPLAINED, NAMES[:3], IDS, LABELS, "x")


def test_the_picture_is_a_png_and_the_same_each_time(tmp_path):
    for name in ("a.png", "b.png"):
        write_map_png(tmp_path / name, COORDINATES, EXPLAINED, ["a$b$", "", "c", "c"], "$x and $y", dpi=60)
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG\r\n")
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_a_picture_of_other_lengths_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"must be \(3, 3\)"):
        write_map_png(tmp_path / "a.png", COORDINATES, EXPLAINED, LABELS[:3], "x")
