"""Completion in the shell: every shell gets its script, words and values are completed, and nothing heavy is loaded for it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest
from conftest import ROOT

HEAVY = ("torch", "numpy", "scipy", "pandas", "pyarrow", "librosa", "matplotlib", "lightfm", "implicit", "sklearn", "av")


def completed(words, *, report_modules=False):
    """What bash is offered for the last of `words`; or which heavy packages were loaded for it."""
    code = (
        "import sys\nsys.argv = ['recsys']\nfrom recsys.cli import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        f"print(*sorted(set(sys.modules) & {set(HEAVY)!r}), file=sys.stderr)\n"
    )
    environment = os.environ | {
        "_RECSYS_COMPLETE": "complete_bash",
        "COMP_WORDS": " ".join(words),
        "COMP_CWORD": str(len(words) - 1),
    }
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    return ran.stderr.split() if report_modules else ran.stdout.split()


@pytest.mark.parametrize(("shell", "word"), [("bash", "COMPREPLY"), ("zsh", "compdef"), ("fish", "complete --command recsys")])
def test_each_shell_gets_its_script(shell, word):
    environment = os.environ | {"_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}
    command = [sys.executable, "-m", "recsys", "--show-completion", shell]
    ran = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    assert word in ran.stdout
    assert "_RECSYS_COMPLETE" in ran.stdout
    if shutil.which(shell):  # it is a script that the shell itself takes
        assert subprocess.run([shell, "-n"], input=ran.stdout, capture_output=True, text=True, check=False).returncode == 0


def test_commands_are_completed():
    assert set(completed(["recsys", "train-"])) == {"train-content", "train-hybrid"}


def test_engines_are_completed():
    assert set(completed(["recsys", "train-hybrid", "--engine", "als"])) == {"als", "als-cf"}


def test_labels_are_completed_from_the_workspace(trained):
    assert set(completed(["recsys", "-w", str(trained), "train-content", "--label", ""])) >= {"genre", "mood"}
    assert completed(["recsys", "-w", str(trained), "evaluate", "labels", "--label", "mo"]) == ["mood"]


def test_without_a_workspace_no_label_and_no_error_is_shown(tmp_path):
    assert completed(["recsys", "-w", str(tmp_path), "train-content", "--label", ""]) == []


@pytest.mark.parametrize("words", [["recsys", "train-"], ["recsys", "train-hybrid", "--engine", "a"]])
def test_nothing_heavy_is_loaded_to_complete(words):
    assert completed(words, report_modules=True) == []
