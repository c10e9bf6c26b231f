"""Every command of the README runs, in the README's order, and every command of the program stands in it."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys

import pytest
from conftest import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")


def shell_commands():
    """Lines that start with `recsys` in the shell blocks."""
    blocks = re.findall(r"^```sh\n(.*?)^```", README, flags=re.MULTILINE | re.DOTALL)
    return [shlex.split(line) for block in blocks for line in block.splitlines() if line.startswith("recsys ")]


@pytest.fixture
def home(tmp_path, world):
    """A folder with music in ~/Music, a history and a list of users, as the README's reader has."""
    tracks = [line.split(",") for line in (world / "tracks.csv").read_text(encoding="utf-8").splitlines()[1:]]
    for number, (_id, path, *_names) in enumerate(tracks):
        genre = path.split("/")[1]
        name = (
            "one" if (genre, number) == ("blues", min(i for i, t in enumerate(tracks) if "/blues/" in t[1])) else f"song {number}"
        )
        (tmp_path / "Music" / genre).mkdir(parents=True, exist_ok=True)
        os.link(world / path, tmp_path / "Music" / genre / f"{name}.mp3")
    songs = sorted(str(path.relative_to(tmp_path / "Music")) for path in (tmp_path / "Music").rglob("*.mp3"))
    rows = [f"{user},{songs[(7 * i + 3 * u) % 45]},{1 + i}" for u, user in enumerate(("anna", "ben", "cleo")) for i in range(12)]
    (tmp_path / "history.csv").write_text("user_id,track_id,plays\n" + "\n".join(rows) + "\n", encoding="utf-8")
    (tmp_path / "users.txt").write_text("anna\nben\n", encoding="utf-8")
    return tmp_path


def test_the_readmes_commands_run_in_order(home):
    commands = shell_commands()
    assert len(commands) >= 12
    environment = os.environ | {"HOME": str(home), "PYTHONPATH": str(ROOT)}
    short = {"train-content": ["--epochs", "1"], "evaluate": ["--epochs", "1"]}
    for command in commands:
        words = [word.replace("~", str(home)) for word in command[1:]]
        # Only to save time; nothing else of the command is changed.
        words += next((extra for name, extra in short.items() if name in words and "recommenders" not in words), [])
        ran = subprocess.run(
            [sys.executable, "-m", "recsys", *words], cwd=home, env=environment, capture_output=True, text=True, check=False
        )
        assert ran.returncode == 0, (command, ran.stderr)


def test_the_readmes_python_runs(trained, tmp_path):
    (code,) = re.findall(r"^```python\n(.*?)^```", README, flags=re.MULTILINE | re.DOTALL)
    (tmp_path / "my-workspace").symlink_to(trained)
    ran = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert len(ran.stdout.splitlines()) == 5


def commands_of(app, prefix=""):
    names = [command.name or command.callback.__name__ for command in app.registered_commands]
    for group in app.registered_groups:
        names += [f"{group.name} {name}" for name in commands_of(group.typer_instance)]
    return names


def test_every_command_stands_in_the_readme_and_has_help(recsys):
    from recsys.cli.entry import app  # (importing main registers all commands)

    for name in commands_of(app):
        assert f"`{name}" in README, name
        ran = recsys(*name.split(), "--help")
        assert ran.code == 0
        assert len(ran.out) > 100


def test_the_demo_runs_end_to_end_on_a_small_world(recsys, tmp_path):
    args = ("demo", "--folder", tmp_path / "demo", "--songs", 36, "--listeners", 30, "--workers", 2)
    ran = recsys(*args)
    assert ran.code == 0, ran.err
    assert "composed" in ran.out
    for name in ("report.html", "report.md", "map.html", "map.png", "recommenders.json"):
        assert (tmp_path / "demo" / "workspace" / "reports" / name).stat().st_size > 500
    assert recsys(*args).code == 0
