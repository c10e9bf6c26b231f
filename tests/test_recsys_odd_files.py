"""A folder of odd files: a scan reads it to its end; each file is a song with finite features, or stands in the ledger."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest
import soundfile
from conftest import ROOT, once
from odd_files import GOOD, ODD, make_odd_folder
from sounds import tone

NEEDS_PERMISSIONS = {"unreadable.wav"}
# No permission keeps root out, unless it goes without its powers over files.
WITHOUT_POWERS = ("setpriv", "--bounding-set=-dac_override,-dac_read_search")


def permissions_hold():
    """Words to put before a command so that permissions hold for it; None where that cannot be had."""
    if os.geteuid() != 0:
        return ()
    if shutil.which("setpriv") and subprocess.run([*WITHOUT_POWERS, "true"], capture_output=True, check=False).returncode == 0:
        return WITHOUT_POWERS
    return None


@pytest.fixture(scope="session")
def odd(shared_folder):
    """The folder of odd files."""
    with once(shared_folder / "odd-made") as first:
        if first:
            make_odd_folder(shared_folder / "odd-files")
    return shared_folder / "odd-files"


def recsys_in_a_process(*args):
    command = [*(permissions_hold() or ()), sys.executable, "-m", "recsys", *map(str, args)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)


@pytest.fixture(scope="session")
def scanned(shared_folder, odd):
    """A workspace of the odd files, scanned and embedded; and what both runs said. Read only."""
    root = shared_folder / "odd-workspace"
    with once(shared_folder / "odd-workspace-made") as first:
        if first:
            scan = recsys_in_a_process("-w", root, "scan", odd)
            embed = recsys_in_a_process("-w", root, "embed", "--workers", 1)
            for name, ran in (("scan", scan), ("embed", embed)):
                (shared_folder / f"odd-{name}").write_text(f"{ran.returncode}\n{ran.stdout}{ran.stderr}")
    return root


def _said(folder, name):
    code, _, text = (folder / f"odd-{name}").read_text().partition("\n")
    return int(code), text


def test_the_scan_comes_to_its_end_with_exit_code_3_and_counts_the_reasons(scanned, shared_folder):
    code, text = _said(shared_folder, "scan")
    assert code == 3, text
    assert "Traceback" not in text
    assert "Warning" not in text
    for reason in ("silent", "empty-file", "not-audio", "too-short", "truncated", "not-a-file"):
        assert reason in text


def test_embedding_the_songs_comes_to_its_end(scanned, shared_folder):
    code, text = _said(shared_folder, "embed")
    assert code in (0, 3), text
    assert "Traceback" not in text


def ledger(recsys, root):
    return {os.path.basename(entry["path"]): entry for entry in recsys("-w", root, "failed", "--json").json}  # noqa: PTH119


@pytest.mark.parametrize("name", ODD)
def test_each_odd_file_is_a_song_with_finite_features_or_stands_in_the_ledger(recsys, scanned, name):
    if name in NEEDS_PERMISSIONS and permissions_hold() is None:
        pytest.skip("root may read every file, and setpriv, which takes its powers, is not there")
    from content.cache import HyperImageCache
    from content.pretrained import pretrained_encoder
    from content.spec import HyperImageSpec
    from data.embeddings import read_embeddings
    from recsys.workspace import open_workspace

    workspace = open_workspace(scanned)
    entry = ledger(recsys, scanned).get(name)
    code = GOOD if entry is None else entry["code"] + "+" * entry["kept"]
    assert code in ODD[name][1].split("|"), entry
    if entry is not None:
        assert entry["reason"]
    with workspace.catalogue(readonly=True) as catalogue:
        songs = [track for track in catalogue.tracks() if os.path.basename(track.path) == name]  # noqa: PTH119
    assert bool(songs) == (code == GOOD or code.endswith("+"))
    for song in songs:
        spec = HyperImageSpec.from_dict(dict(pretrained_encoder().spec))
        image = HyperImageCache(workspace.images, spec).load(song.content_hash)
        embeddings = read_embeddings(workspace.embeddings)
        vector = embeddings.vectors[embeddings.tracks.row(song.track_id)]
        assert image.any()
        assert np.isfinite(vector).all()
        assert np.abs(vector).max() > 0
        assert 1 < song.duration < 20


def test_every_reason_says_what_to_do_or_says_it_all(recsys, scanned):
    without = [entry["code"] for entry in ledger(recsys, scanned).values() if not entry["hint"]]
    assert set(without) <= {"too-short", "not-a-file", "unopenable"}


def test_a_second_scan_has_nothing_new_to_say(scanned, odd, tmp_path):
    root = shutil.copytree(scanned, tmp_path / "w")
    again = recsys_in_a_process("-w", root, "scan", odd, "--json")
    counts = json.loads(again.stdout)
    assert (again.returncode, counts["new"], counts["changed"], counts["failed"]) == (0, 0, 0, 0)


@pytest.mark.parametrize("channels", [2, 6])
def test_a_mono_song_and_its_copy_on_all_channels_are_equally_loud(tmp_path, channels):
    from content.decode import decode
    from content.hyperimage import hyper_image
    from content.spec import HyperImageSpec

    spec, mono = HyperImageSpec(), tone(4.0, 1)
    soundfile.write(tmp_path / "mono.wav", mono, 44100, subtype="FLOAT")
    soundfile.write(tmp_path / "copy.wav", np.repeat(mono, channels, axis=1), 44100, subtype="FLOAT")
    signals = [decode(tmp_path / name, 4.0, spec) for name in ("mono.wav", "copy.wav")]
    np.testing.assert_allclose(signals[0], signals[1], atol=1e-6)
    images = [hyper_image(signal, spec) for signal in signals]
    assert np.abs(images[0].astype(float) - images[1].astype(float)).max() <= 1  # of 255
