"""No code path that could run what a file says: the source of the five packages is walked, not trusted."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import ROOT

PACKAGES = ("recsys", "content", "collab", "evaluation", "data")
MODULES = frozenset({"pickle", "cPickle", "marshal", "shelve", "dill", "cloudpickle", "joblib", "yaml", "code", "xmlrpc"})
CALLS = frozenset(["eval", "exec", "compile", "__import__", "os.system", "os.popen", "ast.literal_eval", "tempfile.mktemp"])
METHODS = frozenset({"extractall", "to_pickle", "read_pickle", "unsafe_load", "full_load"})


def dangers(source: str) -> list[str]:
    """What in `source` could run code or write where a file says, one "line: what" each."""
    return [f"{node.lineno}: {what}" for node in ast.walk(ast.parse(source)) for what in _dangers_of(node)]


def _dangers_of(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (f"import {name.name}" for name in node.names if name.name.partition(".")[0] in MODULES)
    if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] in MODULES:
        yield f"from {node.module} import"
    if not isinstance(node, ast.Call):
        return
    name = ast.unparse(node.func)
    words = {word.arg: ast.unparse(word.value) for word in node.keywords}
    if name in CALLS or name.rpartition(".")[2] in METHODS:
        yield f"{name}()"
    if words.get("shell", "False") != "False":
        yield f"{name}(shell={words['shell']})"
    if name == "torch.load" and words.get("weights_only") != "True":
        yield "torch.load without weights_only=True"
    if name in ("np.load", "numpy.load", "np.save", "numpy.save") and words.get("allow_pickle") != "False":
        yield f"{name} without allow_pickle=False"


def sources() -> list[Path]:
    return sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))


def test_no_module_can_run_what_a_file_says():
    found = {str(path.relative_to(ROOT)): dangers(path.read_text(encoding="utf-8")) for path in sources()}
    assert len(found) > 150
    assert {path: some for path, some in found.items() if some} == {}


@pytest.mark.parametrize(
    "line",
    [
        "import pickle",
        "from pickle import loads",
        "import yaml",
        "eval(text)",
        "exec(text)",
        "os.system(text)",
        "subprocess.run(text, shell=True)",
        "subprocess.run(text, shell=asked)",
        "torch.load(path)",
        "torch.load(path, weights_only=False)",
        "np.load(path)",
        "np.load(path, allow_pickle=True)",
        "np.save(file, array)",
        "archive.extractall(folder)",
        "frame.to_pickle(path)",
        "ast.literal_eval(text)",
    ],
)
def test_the_walk_finds_each_danger(line):
    assert len(dangers(f"def f():\n    {line}\n")) == 1


@pytest.mark.parametrize(
    "line", ["np.load(path, mmap_mode='r', allow_pickle=False)", "network.eval()", "subprocess.run(['a', b])"]
)
def test_the_walk_lets_the_safe_forms_pass(line):
    assert dangers(line) == []
