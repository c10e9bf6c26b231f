"""Names from strangers' files: what they hold is shown, never obeyed by a terminal, a browser or a shell."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
from html.parser import HTMLParser

import pytest
from conftest import once

from recsys.cli.output import printable

SCRIPT = "<script>alert(1)</script>"
ATTACKS = [
    f"{SCRIPT}",
    '"><img src=x onerror=alert(1)>',
    "</script><script>alert(2)</script>",
    "\x1b[2J\x1b]0;owned\x07",
    "a\x9b31mred\x7f",
    "\u202egnp.exe",
    "$(touch owned); `touch owned` | touch owned & touch owned",
    "=cmd|'/C calc'!A0",
    "../../../owned",
    "$\\frac{$ A$AP $^_",
    "[bold red]markup[/] [/b] {0} %s %(x)s",
    "Ünïcode 日本語 🎵 'quoted' \\n",
]
STEERS = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


@pytest.fixture(scope="session")
def hostile(shared_folder, world):
    """A folder whose songs have hostile ids, artists, titles, albums and genres, in a tracks.csv."""
    folder = shared_folder / "hostile"
    with once(shared_folder / "hostile-made") as first:
        if first:
            folder.mkdir()
            with (world / "tracks.csv").open(encoding="utf-8") as file:
                songs = list(csv.DictReader(file))[: 2 * len(ATTACKS)]
            with (folder / "tracks.csv").open("w", encoding="utf-8", newline="") as file:
                rows = csv.writer(file)
                rows.writerow(("track_id", "path", "artist", "title", "album", "genre", "style"))
                for number, song in enumerate(songs):
                    attack = ATTACKS[number % len(ATTACKS)]
                    os.link(world / song["path"], folder / f"{number}.mp3")
                    rows.writerow(
                        (f"{number} {attack}", f"{number}.mp3", f"by {attack}", attack, attack, ATTACKS[number % 3], attack)
                    )
            shutil.copy(world / "listens.csv", folder / "listens.txt")
    return folder


@pytest.fixture(scope="session")
def analysed(shared_folder, hostile):
    """A workspace of the hostile songs with embeddings, listens and a model. Read only."""
    from recsys.steps import content, hybrid, library, listens

    root = shared_folder / "hostile-workspace"
    with once(shared_folder / "hostile-workspace-made") as first:
        if first:
            library.scan(root, [hostile])
            ids = [track["track_id"] for track in _tracks(root)]
            with (hostile / "listens.csv").open("w", encoding="utf-8", newline="") as file:
                rows = csv.writer(file)
                rows.writerow(("user_id", "track_id", "plays"))
                rows.writerows((f"{u} {ATTACKS[u]}", ids[(7 * u + s) % len(ids)], 1 + s) for u in range(8) for s in range(9))
            listens.import_listens(root, [hostile / "listens.csv"])
            content.embed(root, workers=1)
            hybrid.train_hybrid(root)
    return root


def _tracks(root):
    from recsys.workspace import open_workspace

    with open_workspace(root).catalogue(readonly=True) as catalogue:
        return [{"track_id": track.track_id, "genre": track.labels.get("genre", "")} for track in catalogue.tracks()]


@pytest.mark.parametrize("attack", ATTACKS)
def test_what_is_printable_steers_no_terminal_and_loses_nothing(attack):
    shown = printable(attack)
    assert not STEERS.search(shown)
    assert shown.encode("ascii", "backslashreplace").decode("unicode_escape") == attack or "\\" in attack


def test_line_breaks_stay_and_tabs_do_not():
    assert printable("a\nb\tc") == "a\nb\\tc"


COMMANDS = [
    ("failed",),
    ("similar", "0 " + ATTACKS[0]),
    ("similar", "3 " + ATTACKS[3]),
    ("similar", "no such \x1b[2J song"),
    ("recommend", "--user", "3 " + ATTACKS[3]),
    ("recommend", "--user", "\x1b[2J"),
    ("recommend", "--like", "4 " + ATTACKS[4]),
    ("tags", "5 " + ATTACKS[5]),
    ("tags",),
    ("train-content", "--label", "\x1b[2J"),
    ("map", "--label", "\u202e"),
    ("doctor",),
]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_no_command_lets_a_name_steer_the_terminal(recsys, analysed, command):
    for options in ((), ("--json",)):
        ran = recsys("-w", analysed, *command, *options)
        assert "Traceback" not in ran.err
        found = STEERS.search(ran.err) or STEERS.search(re.sub("[\u202a-\u202e]", "", ran.out) if options else ran.out)
        assert not found, (command, options, ran)


def test_json_gives_the_names_back_as_they_are(recsys, analysed):
    ran = recsys("-w", analysed, "similar", "0 " + ATTACKS[0], "-k", 30, "--keep-duplicates", "--json")
    assert {item["title"] for item in ran.json["items"]} >= {printable(ATTACKS[6]), ATTACKS[8]}
    ids = {item["track_id"] for item in ran.json["items"]} | {ran.json["track_id"]}
    assert ids == {track["track_id"] for track in _tracks(analysed)}


class Scripts(HTMLParser):
    """Elements and attributes of a page as a browser meets them."""

    def __init__(self):
        super().__init__()
        self.scripts, self.handlers, self.tags, self._in = [], [], set(), False

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.handlers += [f"{tag}.{name}" for name, _ in attrs if name.startswith("on")]
        self._in = tag == "script"
        if self._in:
            self.scripts.append("")

    def handle_endtag(self, tag):
        self._in = False

    def handle_data(self, data):
        if self._in:
            self.scripts[-1] += data


def page_of(path):
    page = Scripts()
    page.feed(path.read_text(encoding="utf-8"))
    return page


def test_the_map_page_runs_no_script_from_a_name(recsys, analysed, tmp_path):
    root = shutil.copytree(analysed, tmp_path / "w")
    ran = recsys("-w", root, "map", "--label", "style")
    assert ran.code == 0, ran.err
    page = page_of(root / "reports" / "map.html")
    assert len(page.scripts) == 2  # the songs as JSON, and ours
    assert page.handlers == []
    assert "img" not in page.tags
    songs = json.loads(page.scripts[0])
    assert f"by {SCRIPT} - {SCRIPT}" in songs["names"]
    assert "alert(" not in page.scripts[1]
    assert "Glyph" not in ran.err


def test_the_reports_of_an_evaluation_run_no_script_from_a_label(recsys, analysed, tmp_path):
    root = shutil.copytree(analysed, tmp_path / "w")
    options = ("--label", "genre", "--split", "song", "--folds", 2, "--epochs", 1, "--workers", 1)
    ran = recsys("-w", root, "evaluate", "labels", *options)
    assert ran.code == 0, ran.err
    assert not STEERS.search(ran.out + ran.err)
    page = page_of(root / "reports" / "report.html")
    assert "alert(1)" in (root / "reports" / "report.html").read_text(encoding="utf-8")  # it is there, as text
    assert page.scripts == []
    assert page.handlers == []
    assert "img" not in page.tags
    assert "<script" not in (root / "reports" / "report.md").read_text(encoding="utf-8")


def test_a_song_with_a_formula_for_a_name_can_be_drawn(recsys, analysed, tmp_path):
    for number in (9, 11):
        song = next(track["track_id"] for track in _tracks(analysed) if track["track_id"].startswith(f"{number} "))
        ran = recsys("-w", analysed, "show", song, "--png", tmp_path / "p.png")
        assert ran.code == 0, ran.err


def test_nothing_that_a_name_asked_for_was_done(recsys, analysed, hostile, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for out in ("v.npy", "v.parquet"):
        assert recsys("-w", analysed, "export", "embeddings", "--out", out).code == 0
    (tmp_path / "users.txt").write_text("\n".join(f"{u} {ATTACKS[u]}" for u in range(8)) + "\n", encoding="utf-8")
    assert recsys("-w", analysed, "recommend", "--users-file", "users.txt", "--out", "lists.parquet").code == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["lists.parquet", "users.txt", "v.csv", "v.npy", "v.parquet"]
    everywhere = [path.name for folder in (hostile.parent, tmp_path) for path in folder.rglob("*owned*")]
    assert everywhere == []
