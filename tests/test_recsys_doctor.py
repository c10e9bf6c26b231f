"""The doctor names what is there and what is missing."""

from __future__ import annotations

import importlib.metadata

from recsys.steps import doctor


def test_a_healthy_machine_has_no_failure(recsys, trained):
    ran = recsys("-w", trained, "doctor", "--json")
    assert ran.code == 0
    assert {check["state"] for check in ran.json} <= {"ok", "note"}
    (workspace,) = [check for check in ran.json if check["what"] == "workspace"]
    assert "45 songs" in workspace["found"]
    assert "recommender" in workspace["found"]


def test_a_missing_workspace_is_a_note(recsys, tmp_path):
    ran = recsys("-w", tmp_path / "none", "doctor", "--json")
    assert ran.code == 0
    assert any(check["what"] == "workspace" and check["state"] == "note" for check in ran.json)


def test_a_missing_package_is_a_failure_with_advice(recsys, trained, monkeypatch):
    original = importlib.metadata.version

    def version(name):
        if name == "lightfm-next":
            raise importlib.metadata.PackageNotFoundError(name)
        return original(name)

    monkeypatch.setattr(doctor.importlib.metadata, "version", version)
    ran = recsys("-w", trained, "doctor", "--json")
    assert ran.code == 1
    (check,) = [check for check in ran.json if check["state"] == "FAIL"]
    assert "C compiler" in check["advice"]


def test_a_damaged_workspace_is_a_failure(recsys, workspace):
    (workspace / "catalogue.sqlite").write_bytes(b"rubbish")
    assert recsys("-w", workspace, "doctor").code == 1
