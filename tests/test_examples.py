"""The examples and the page on Python run as they stand, on a small world."""

from __future__ import annotations

import importlib
import inspect
import os
import re
import subprocess
import sys

import pytest
from conftest import ROOT

PAGE = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")


def run_python(folder, *args):
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    ran = subprocess.run([sys.executable, *args], cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def test_the_pages_program_runs(world, tmp_path):
    (program,) = re.findall(r"^```python\n(.*?)^```", PAGE, flags=re.MULTILINE | re.DOTALL)
    (tmp_path / "Music").symlink_to(world)
    (tmp_path / "history.csv").write_bytes((world / "listens.csv").read_bytes())
    (tmp_path / "program.py").write_text(program, encoding="utf-8")
    out = run_python(tmp_path, "program.py").splitlines()
    assert out[0] == "45 songs"
    assert "45 embeddings" in out
    assert out[-1].startswith("unknown-id - ")
    assert (tmp_path / "songs.parquet").stat().st_size > 0
    assert (tmp_path / "evening.m3u8").read_text(encoding="utf-8").startswith("#EXTM3U")


@pytest.mark.parametrize("call", re.findall(r"`(\w+\.\w+)\(", PAGE))
def test_each_function_of_the_page_exists_and_is_documented(call):
    module, name = call.split(".")
    function = getattr(importlib.import_module(f"recsys.steps.{module}"), name)
    assert len(inspect.getdoc(function) or "") > 40


def test_every_command_stands_on_the_page(recsys):
    from recsys.cli.entry import app

    named = {command.name or command.callback.__name__ for command in app.registered_commands}
    known = set(re.findall(r"`([a-z-]+)(?: \w+)?`", PAGE.partition("| function |")[2]))
    assert {"scan", "recommend", "evaluate"} <= known
    assert not named - known


def test_the_example_compares_recommenders(world, tmp_path):
    script = str(ROOT / "examples" / "compare_recommenders.py")
    options = ("--splits", "warm", "--seeds", "1", "--workspace", "w", "--picture", "ndcg.png")
    out = run_python(tmp_path, script, str(world), str(world / "listens.csv"), *options)
    values = dict(re.findall(r"^  (\S+) +(\d\.\d{3})", out, flags=re.MULTILINE))
    assert {"hybrid", "als-cf", "content", "popularity", "random"} <= set(values)
    assert (tmp_path / "ndcg.png").stat().st_size > 5000
