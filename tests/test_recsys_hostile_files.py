"""A workspace or an import that was tampered with: refused in one line; nothing in it runs, nothing outside is touched."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hostile_files import ARRAYS, WEIGHTS, everything_below, npy_with_payload


def refused(ran, *words):
    """Ended with 1 and one line that holds all words."""
    assert ran.code == 1, ran
    assert "Traceback" not in ran.err
    (line,) = [line for line in ran.err.splitlines() if line.startswith("recsys:")]
    assert all(word in line for word in words), line


def test_the_payload_of_these_tests_works(tmp_path):
    np.load(npy_with_payload(tmp_path / "x.npy", tmp_path / "payload-ran"), allow_pickle=True)
    assert (tmp_path / "payload-ran").is_dir()


@pytest.mark.parametrize("make", ARRAYS)
@pytest.mark.parametrize(
    ("pattern", "command"),
    [
        ("embeddings/*.npy", ("map",)),
        ("models/hybrid/serving-*/model_part1_item_factors.npy", ("recommend", "--user", "x")),
        ("models/hybrid/serving-*/history_tracks.npy", ("recommend", "--user", "x")),
    ],
)
def test_an_array_with_a_payload_is_refused(recsys, workspace, tmp_path, make, pattern, command):
    (path,) = workspace.glob(pattern)
    make(path, tmp_path / "payload-ran")
    refused(recsys("-w", workspace, *command))
    assert not (tmp_path / "payload-ran").exists()


@pytest.mark.parametrize("make", WEIGHTS)
def test_weights_that_lie_are_refused(recsys, workspace, tmp_path, make):
    make(workspace / "models" / "encoder" / "model.safetensors", tmp_path / "payload-ran")
    refused(recsys("-w", workspace, "embed", "--workers", 1), "model.safetensors")
    assert not (tmp_path / "payload-ran").exists()


@pytest.mark.parametrize("make", ARRAYS)
def test_an_image_with_a_payload_is_computed_anew_or_refused(recsys, workspace, tmp_path, make):
    for path in (workspace / "hyper-images").glob("*/*/*.npy"):
        make(path, tmp_path / "payload-ran")
    args = ("train-content", "--from", "scratch", "--label", "mood", "--epochs", 1, "--workers", 1)
    ran = recsys("-w", workspace, *args)
    assert ran.code in (0, 1)
    assert "Traceback" not in ran.err
    assert not (tmp_path / "payload-ran").exists()


@pytest.mark.parametrize("make", ARRAYS)
def test_imported_vectors_with_a_payload_are_refused(recsys, workspace, tmp_path, make):
    make(tmp_path / "v.npy", tmp_path / "payload-ran")
    (tmp_path / "v.csv").write_text("track_id\nC000001\n")
    refused(recsys("-w", workspace, "import-embeddings", tmp_path / "v.npy"), "v.npy")
    assert not (tmp_path / "payload-ran").exists()


OUTSIDE = ["../../../secret", "/etc/passwd", "..", "", "a/b", "a\\b", "a\nb", 1, None, ["x"]]


@pytest.mark.parametrize("name", OUTSIDE, ids=repr)
def test_no_artefact_can_name_a_file_outside_its_folder(recsys, workspace, tmp_path, name):
    np.save(tmp_path / "secret.npy", np.zeros((45, 192), np.float32))
    model, vectors = workspace / "models" / "hybrid" / "serving.json", workspace / "embeddings" / "embeddings.json"
    sources = workspace / "listens" / "sources.json"
    meta, about, listed = (json.loads(path.read_text()) for path in (model, vectors, sources))
    before = everything_below(tmp_path)
    for tampered in (meta | {"version": name}, meta | {"arrays": [name, *meta["arrays"]]}):
        model.write_text(json.dumps(tampered))
        refused(recsys("-w", workspace, "recommend", "--user", "x"), "model")
    vectors.write_text(json.dumps(about | {"array": name}))
    refused(recsys("-w", workspace, "map"), "embeddings")
    listed["sources"][0]["file"] = name
    sources.write_text(json.dumps(listed))
    refused(recsys("-w", workspace, "train-hybrid"), str(workspace / "listens"))
    assert everything_below(tmp_path) - before <= {"workspace/lock"}


BOMBS = [
    "",
    "[",
    "1",
    "[]",
    '{"schema":' + "[" * 100_000,
    '{"schema":' + "1" * 5000 + "}",
    '{"schema": NaN',
    "\0" * 100,
    "\ud800",
]
READERS = [
    ("workspace.json", ("failed",)),
    ("embeddings/embeddings.json", ("map",)),
    ("models/hybrid/serving.json", ("recommend", "--user", "x")),
    ("listens/sources.json", ("recommend", "--user", "x")),
    ("models/encoder/model.json", ("embed", "--workers", "1")),
]


@pytest.mark.parametrize(("name", "command"), READERS, ids=lambda value: value if isinstance(value, str) else value[0])
def test_json_that_is_none_is_one_line(recsys, workspace, name, command):
    for bomb in BOMBS:
        (workspace / name).write_bytes(bomb.encode("utf-8", "surrogatepass"))
        refused(recsys("-w", workspace, *command))


def test_a_link_in_the_workspace_is_not_followed_out_of_it_when_written(recsys, workspace, tmp_path):
    (tmp_path / "precious.html").write_text("precious")
    (workspace / "reports").mkdir(exist_ok=True)
    (workspace / "reports" / "map.html").unlink(missing_ok=True)
    (workspace / "reports" / "map.html").symlink_to(tmp_path / "precious.html")
    assert recsys("-w", workspace, "map").code == 0
    assert (tmp_path / "precious.html").read_text() == "precious"
