"""The configuration that `recsys tune` found, where it found one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from collab.config_values import config_as_dict, config_from_dict
from collab.inputs import EngineConfig
from data.errors import InputError
from data.files import read_json, write_json
from recsys.workspace import Workspace

SCHEMA = 1


def tuned_config(workspace: Workspace, engine: str, state: str, notes: list[str] | None = None) -> EngineConfig:
    """The choices to fit `engine` with: those that were tuned in this workspace, else the defaults.

    Parameters
    ----------
    state : `recsys.steps.inputs.inputs_state` of now.
    notes : gets a line where the tuned configuration is of other listens, songs or embeddings than those of now.

    Raises
    ------
    InputError : the file is damaged, or holds what no engine knows.
    """
    found = read_tuned(workspace, engine)
    if found is None:
        return EngineConfig()
    config, about = found
    if notes is not None and about.get("inputs") != state:
        notes.append(
            f"The choices of {engine} were tuned before listens, songs or embeddings changed; they are used all the same. "
            f"`recsys tune --engine {engine}` tunes them anew."
        )
    return config


def read_tuned(workspace: Workspace, engine: str) -> tuple[EngineConfig, Mapping[str, Any]] | None:
    """The tuned configuration and what is said about it, or None if there is none. Raises InputError if it cannot be read."""
    path = tuned_path(workspace, engine)
    if not path.exists():
        return None
    about = read_json(path, schema=SCHEMA)
    try:
        return config_from_dict(about.get("config")), about
    except InputError as error:
        raise InputError(
            f"{path}: {error.message}", code=error.code, hint="Remove the file to go back to the defaults, or tune again"
        ) from None


def write_tuned(workspace: Workspace, engine: str, config: EngineConfig, about: Mapping[str, Any]) -> Path:
    """Save what is to be used from now on, with "inputs" (the state it was tuned on) and figures in `about`."""
    path = tuned_path(workspace, engine)
    write_json(path, {"schema": SCHEMA, "engine": engine, "config": config_as_dict(config), **about})
    return path


def tuned_path(workspace: Workspace, engine: str) -> Path:
    """models/tuned-<engine>.json"""
    return workspace.tuned / f"tuned-{engine}.json"
