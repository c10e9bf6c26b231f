"""A serving model on disk: one mappable .npy file an array, and a JSON file that points to them."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from collab.content_scaling import ContentScaler
from collab.history import History
from collab.model_records import from_values
from collab.serving import ServingModel
from data.errors import InputError
from data.files import atomic_path, read_json, write_json
from data.ids import IdMap

SCHEMA = 2
META = "serving.json"
_PLAIN_NAME = re.compile(r"\w+", re.ASCII)
_AGAIN = "Run `recsys train-hybrid`"


def save_serving(folder: Path, serving: ServingModel) -> None:
    """Write the arrays under a folder of this version, then the JSON file that points to it; a killed write leaves the old model.

    Readers that hold the old arrays keep them; what no reader can reach any more is removed.
    """
    home = folder / f"serving-{serving.version}"
    home.mkdir(parents=True, exist_ok=True)
    arrays = serving.arrays
    for name, array in arrays.items():
        with atomic_path(home / f"{name}.npy") as path, path.open("wb") as file:
            np.save(file, array, allow_pickle=False)
    meta = {
        "schema": SCHEMA,
        "version": serving.version,
        "engine": serving.engine,
        "model": serving.model_values[0],
        "listens_fingerprint": serving.listens_fingerprint,
        "embeddings_fingerprint": serving.embeddings_fingerprint,
        "arrays": sorted(arrays),
        "unit": serving.scaler is not None and serving.scaler.unit,
        "users": serving.users.ids,
        "tracks": serving.tracks.ids,
    }
    write_json(folder / META, meta)
    for old in folder.glob("serving-*"):
        if old.is_dir() and old != home:
            shutil.rmtree(old, ignore_errors=True)


def load_serving(
    folder: Path, *, listens_fingerprint: str | None = None, embeddings_fingerprint: str | None = None
) -> ServingModel:
    """Read what `save_serving` wrote; arrays are mapped, so the time does not grow with the model's size.

    Parameters
    ----------
    listens_fingerprint, embeddings_fingerprint : if given, what the model must have been made from.

    Raises
    ------
    InputError : missing, damaged, of another schema, or made from other listens or embeddings (code "stale").
    """
    meta = _read_meta(folder)
    wanted = {"listens_fingerprint": listens_fingerprint, "embeddings_fingerprint": embeddings_fingerprint}
    for name, value in wanted.items():
        if value is not None and meta.get(name) != value:
            what = name.removesuffix("_fingerprint")
            raise InputError(
                f"the model in {folder} was trained on other {what} ({meta.get(name) or 'none'}, now {value or 'none'})",
                code="stale",
                hint=_AGAIN,
            )
    try:
        home = folder / f"serving-{meta['version']}"
        return _assemble(meta, {name: _mapped(home / f"{name}.npy") for name in meta["arrays"]})
    except FileNotFoundError:
        if _read_meta(folder).get("version") != meta.get("version"):  # replaced while we were reading
            return load_serving(folder, **wanted)
        raise InputError(f"{folder}: the model's arrays are missing", code="damaged", hint=_AGAIN) from None
    except (InputError, OSError, AttributeError, KeyError, TypeError, ValueError, EOFError) as error:
        raise InputError(f"{folder}: the model cannot be read: {error}", code="damaged", hint=_AGAIN) from None


def _mapped(path: Path) -> NDArray[Any]:
    try:
        array: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False).view(np.ndarray)
    except (ValueError, EOFError):  # numpy takes anything that is no array for a pickle, and says how to load it all the same
        raise ValueError(f"{path.name} is damaged or cut short") from None
    return array


def _read_meta(folder: Path) -> dict[str, Any]:
    try:
        meta = read_json(folder / META)
    except InputError as error:
        raise InputError(f"{folder}: the model cannot be read: {error}", code=error.code, hint=_AGAIN) from None
    if meta.get("schema") != SCHEMA:
        raise InputError(
            f"the model in {folder} has schema {meta.get('schema')!r}, this program reads schema {SCHEMA}",
            code="schema",
            hint=_AGAIN,
        )
    names = [meta.get("version"), *meta["arrays"]] if isinstance(meta.get("arrays"), list) else [None]
    if not all(isinstance(name, str) and _PLAIN_NAME.fullmatch(name) for name in names):  # never out of the model's folder
        raise InputError(f"{folder / META} does not name its arrays", code="damaged", hint=_AGAIN)
    return meta


def _assemble(meta: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> ServingModel:
    scaler = None
    if "scaler_mean" in arrays:
        scaler = ContentScaler(arrays["scaler_mean"], arrays["scaler_projection"], meta["unit"])
    serving = ServingModel(
        from_values(meta["model"], arrays),
        IdMap(tuple(meta["users"]), "user"),
        IdMap(tuple(meta["tracks"]), "track"),
        History(arrays["history_starts"], arrays["history_tracks"], arrays["history_weights"]),
        arrays["content"],
        arrays["artists"],
        scaler,
        meta["listens_fingerprint"],
        meta["embeddings_fingerprint"],
    )
    # The version is a hash over all bytes: taken from the file, so that loading need not read them.
    serving.__dict__["version"] = meta["version"]
    return serving
