"""The parts of the hybrid, and the ways in which its collaborative parts place songs without listens."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from collab import single
from collab.blend import Part
from collab.bridge import KernelBridge
from collab.content_map import AnyContentMap
from collab.ease import affordable
from collab.inputs import FitInputs
from collab.model import FactorModel

# Part -> the weight that the search starts from; a part that starts at 0 must earn its place.
START = {"als": 1.0, "ease": 1.0, "content": 1.0, "features": 1.0, "content-ridge": 0.0}
SIMPLE: Mapping[str, Callable[[FitInputs], Part]] = {
    "content": single.content,
    "content-ridge": single.content_ridge,
    "features": single.features,
}


def available(inputs: FitInputs) -> list[str]:
    """The parts that can be fitted."""
    columns = 0 if inputs.vectors is None else inputs.vectors.shape[1]
    usable = {
        "als": True,
        "ease": affordable(*inputs.plays.shape, columns),
        "content": bool(inputs.known.any()),
        "features": inputs.features is not None,
        "content-ridge": bool((inputs.known & inputs.warm).any()),
    }
    return [name for name in START if usable[name]]


def fit_parts(inputs: FitInputs, names: list[str], bridges: Mapping[str, str]) -> list[Part]:
    """Fit the parts on all listens; `bridges` says for "als" and "ease" how songs without listens are placed."""
    kernel = None
    if "kernel" in [bridges.get(name) for name in names] and (inputs.known & inputs.warm).any():
        kernel = single.kernel_bridge(inputs).map_to
    return [_fit_part(inputs, name, bridges.get(name, ""), kernel) for name in names]


def _fit_part(inputs: FitInputs, name: str, bridge: str, kernel: Callable[[NDArray[np.float32]], AnyContentMap] | None) -> Part:
    """One part on all listens."""
    if name in SIMPLE:
        return SIMPLE[name](inputs)
    model = _collaborative(inputs, name)
    if bridge in ("", "own") or not (inputs.known & inputs.warm).any():
        return model
    map_to = single.ridge_map(inputs) if bridge == "ridge" or kernel is None else kernel
    return single.bridged(name, model, inputs, map_to)


def _collaborative(inputs: FitInputs, name: str) -> FactorModel:
    if name == "als":
        return replace(single.als_cf(inputs), name=name)
    return single.ease_own(inputs) if inputs.vectors is not None else replace(single.ease_cf(inputs), name=name)


def variants_of(inputs: FitInputs, name: str, kernel: KernelBridge | None) -> dict[str, Part]:
    """A part with every bridge that it can have, on validation's listens: bridge ("" for none) -> model."""
    if name in SIMPLE:
        return {"": SIMPLE[name](inputs)}
    model = _collaborative(inputs, name)
    if kernel is None:
        return {"own" if model.cold_tracks else "": model}
    cold = inputs.content[1][~inputs.warm & inputs.known]
    by_kernel = single.placed(name, model, inputs, kernel.place(model.item_factors, cold))
    if name == "als":
        return {"ridge": single.bridged(name, model, inputs, single.ridge_map(inputs)), "kernel": by_kernel}
    return {"own": model, "kernel": by_kernel}
