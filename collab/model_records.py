"""Fitted models as JSON-able values and named arrays, and back: nothing else is ever stored of them, and nothing is executed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from collab.blend import BlendModel
from collab.content_map import ContentMap, KernelMap
from collab.content_scaling import ContentScaler
from collab.folding import ConstantFold, EaseFold, LeastSquaresFold, ProfileFold, RegressionFold, RowFold
from collab.history import History
from collab.model import FactorModel
from collab.postings import PostingsModel
from collab.rule import Rule

AnyModel = FactorModel | PostingsModel | BlendModel
MODELS = (FactorModel, PostingsModel, BlendModel)
# The records that a model may hold: all are dataclasses of arrays, numbers, texts, mappings and one another.
RECORDS: Mapping[str, type[Any]] = {
    record.__name__: record
    for record in (
        *MODELS,
        Rule,
        History,
        ContentScaler,
        *(ContentMap, KernelMap),
        *(ConstantFold, EaseFold, LeastSquaresFold, ProfileFold, RegressionFold, RowFold),
    )
}


def to_values(model: AnyModel, shared: Mapping[str, NDArray[Any]]) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """A model as JSON-able values that name its arrays, and the arrays: `model_item_factors`, `model_part0_fold_gram`, ...

    An array that stands in several places, or among `shared`, is named there and stands once.
    """
    arrays: dict[str, NDArray[Any]] = {}
    names = {id(array): name for name, array in shared.items()}
    return _record(model, "model_", arrays, names), arrays


def from_values(values: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> AnyModel:
    """What `to_values` was given. Raises KeyError, TypeError or ValueError where `values` are no model."""
    model = _restored(values, arrays)
    if not isinstance(model, MODELS):
        raise TypeError("it holds no model")
    return model


def _record(record: Any, prefix: str, arrays: dict[str, NDArray[Any]], names: dict[int, str]) -> dict[str, Any]:
    name = type(record).__name__
    if name not in RECORDS:
        raise TypeError(f"{name} is no record that is stored")
    own = {field.name: _value(getattr(record, field.name), prefix + field.name, arrays, names) for field in fields(record)}
    return {"record": name, **own}


def _value(value: Any, name: str, arrays: dict[str, NDArray[Any]], names: dict[int, str]) -> Any:
    if isinstance(value, np.ndarray):
        if id(value) not in names:
            names[id(value)] = name
            arrays[name] = value
        return {"array": names[id(value)]}
    if type(value).__name__ in RECORDS:
        return _record(value, f"{name}_", arrays, names)
    if isinstance(value, tuple):
        kind = name.removesuffix("s")
        return [_value(item, f"{kind}{number}", arrays, names) for number, item in enumerate(value)]
    if isinstance(value, Mapping):
        return {"mapping": dict(value)}
    if isinstance(value, float):
        return float(value)  # also of numpy's
    return value


def _restored(value: Any, arrays: Mapping[str, NDArray[Any]]) -> Any:
    if isinstance(value, list):
        return tuple(_restored(item, arrays) for item in value)
    if not isinstance(value, Mapping):
        return value
    if "array" in value:
        return arrays[value["array"]]
    if "mapping" in value:
        return value["mapping"]
    return RECORDS[value["record"]](**{name: _restored(item, arrays) for name, item in value.items() if name != "record"})
