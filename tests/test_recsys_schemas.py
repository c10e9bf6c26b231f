"""Artefacts of another version of the program: migrated, made anew, or refused with a sentence that says what to do."""

from __future__ import annotations

import json
import sqlite3

import pytest

TRAIN = ("train-content", "--from", "scratch", "--label", "genre", "--epochs", "2", "--workers", "1")
RECOMMEND = ("recommend", "--user", "x")

# file, a command that reads it, a word of the sentence, what mends it (None: only the program that made it can)
REFUSED = [
    ("workspace.json", ("failed",), "schema 99", None),
    ("embeddings/embeddings.json", ("map",), "schema 99", ("embed", "--workers", "1")),
    ("embeddings/embeddings.json", ("similar", "C000001"), "schema 99", TRAIN),
    ("models/hybrid/serving.json", RECOMMEND, "schema 99", ("train-hybrid",)),
    ("models/encoder/model.json", ("embed", "--workers", "1"), "schema 99", TRAIN),
    ("listens/sources.json", RECOMMEND, "schema 99", None),
    ("listens/sources.json", ("train-hybrid",), "schema 99", None),
]


def of_schema(path, number):
    about = json.loads(path.read_text())
    path.write_text(json.dumps(about | {"schema": number}))


@pytest.mark.parametrize(("name", "command", "words", "mend"), REFUSED, ids=lambda value: str(value)[:30])
def test_an_artefact_of_another_schema_is_refused_and_its_step_mends_it(recsys, workspace, name, command, words, mend):
    of_schema(workspace / name, 99)
    ran = recsys("-w", workspace, *command)
    assert (ran.code, "Traceback" in ran.err) == (1, False)
    (line,) = [line for line in ran.err.splitlines() if line.startswith("recsys:")]
    assert words in line
    assert ". " in line  # what is wrong, and what to do
    if mend is not None:
        assert recsys("-w", workspace, *mend).code == 0
        assert recsys("-w", workspace, *command).code == 0


@pytest.mark.parametrize("number", [0, 1, 99, None, "2", [], {}, True, 1.5], ids=repr)
def test_a_catalogue_of_another_schema_is_refused_or_migrated(recsys, workspace, number):
    with sqlite3.connect(workspace / "catalogue.sqlite") as db:
        value = json.dumps(number) if isinstance(number, list | dict) else number
        db.execute("UPDATE meta SET value = ? WHERE key = 'schema'", [value])
    db.close()
    for command in (("failed",), RECOMMEND, ("train-hybrid",)):
        ran = recsys("-w", workspace, *command)
        assert "Traceback" not in ran.err
        assert ran.code in (0, 1)
        if ran.code:
            assert "schema" in ran.err


@pytest.mark.parametrize("name", ["models/hybrid/made-from.json", "models/encoder/made-from.json"])
def test_what_only_saves_work_is_made_anew(recsys, workspace, name):
    of_schema(workspace / name, 99)
    assert recsys("-w", workspace, "train-hybrid").code == 0
    assert recsys("-w", workspace, *RECOMMEND).code == 0
    if "encoder" in name:
        assert recsys("-w", workspace, *TRAIN, "--json").json["trained"]


def test_splits_of_another_schema_are_made_anew(recsys, workspace):
    evaluate = ("evaluate", "recommenders", "--splits", "warm", "--seeds", 1)
    assert recsys("-w", workspace, *evaluate).code == 0
    (split,) = (workspace / "splits").glob("*.json")
    fresh = split.read_bytes()
    of_schema(split, 99)
    assert recsys("-w", workspace, *evaluate).code == 0
    assert split.read_bytes() == fresh


def test_hyper_images_of_another_schema_are_not_read_as_ours(recsys, workspace):
    (about,) = (workspace / "hyper-images").glob("*/spec.json")
    of_schema(about, 99)
    ran = recsys("-w", workspace, "train-content", "--from", "scratch", "--label", "mood", "--epochs", 1, "--workers", 1)
    assert "Traceback" not in ran.err
    assert ran.code == 1
    assert "schema 99" in ran.err


def test_doctor_answers_whatever_the_schema(recsys, workspace):
    for name in ("models/encoder/model.json", "models/hybrid/serving.json", "embeddings/embeddings.json", "workspace.json"):
        of_schema(workspace / name, 99)
        ran = recsys("-w", workspace, "doctor", "--json")
        assert ran.code in (0, 1)
        assert {check["what"] for check in ran.json} >= {"Python", "workspace"}
