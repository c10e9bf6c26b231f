"""Choices of engines as plain values: by dotted name, and as JSON."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from collab.inputs import EngineConfig
from data.errors import InputError

Value = int | float | bool | str | None
Values = Mapping[str, Value]  # "als.components" -> 64


def value_of(config: EngineConfig, name: str) -> Value:
    """The value of one choice, e.g. "als.components". Raises InputError if there is none of this name."""
    _type_of(name)
    part, field = name.split(".")
    value: Value = getattr(getattr(config, part), field)
    return value


def with_values(config: EngineConfig, values: Values) -> EngineConfig:
    """`config` with other values for some choices; `config` itself stays.

    Raises
    ------
    InputError : an unknown name, a value of the wrong type, or one that the engine refuses.
    """
    parts: dict[str, dict[str, Any]] = {}
    for name, value in values.items():
        kind = _type_of(name)
        if not _fits(value, kind):
            raise InputError(f"{name}={value!r} must be {_told(kind)}", code="bad-config")
        part, field = name.split(".")
        # (1 and 1.0 are one configuration)
        parts.setdefault(part, {})[field] = float(value) if kind is float and value is not None else value
    changed = {part: dataclasses.replace(getattr(config, part), **fields) for part, fields in parts.items()}
    return dataclasses.replace(config, **changed)


def config_as_dict(config: EngineConfig) -> dict[str, dict[str, Any]]:
    """All choices as plain values, ready for JSON: part -> choice -> value."""
    return dataclasses.asdict(config)


def config_from_dict(value: Any) -> EngineConfig:
    """What `config_as_dict` gave, also after JSON; a choice that is missing has its default.

    Raises
    ------
    InputError : an unknown part or choice, or a bad value.
    """
    values: dict[str, Value] = {}
    for part, fields in _object(value, "an engine's configuration").items():
        values |= {f"{part}.{field}": own for field, own in _object(fields, part).items()}
        if part not in _PARTS:
            raise InputError(f"{part!r} is no part of an engine's configuration: {', '.join(_PARTS)}", code="bad-config")
    return with_values(EngineConfig(), values)


def _object(value: Any, name: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise InputError(f"{name} must be a JSON object, got {value!r}", code="bad-config")
    return value


_PARTS: Mapping[str, Mapping[str, Any]] = {part: get_type_hints(record) for part, record in get_type_hints(EngineConfig).items()}


def _type_of(name: str) -> Any:
    part, _, field = name.partition(".")
    if field not in _PARTS.get(part, {}):
        known = [f"{part}.{field}" for field in _PARTS[part]] if part in _PARTS else list(_PARTS)
        raise InputError(f"{name!r} is no choice of an engine: {', '.join(known)}", code="bad-config")
    return _PARTS[part][field]


def _fits(value: object, kind: Any) -> bool:
    """Whether `value` is of the type `kind`: true and false are no numbers, a whole number is one, infinity is none."""
    if get_origin(kind) in (Union, UnionType):
        return any(_fits(value, one) for one in get_args(kind))
    if get_origin(kind) is Literal:
        return any(value == one and type(value) is type(one) for one in get_args(kind))
    if kind is float:
        return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    if kind is int:
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, kind)


def _told(kind: Any) -> str:
    """The type `kind` in words."""
    if get_origin(kind) in (Union, UnionType):
        return " or ".join(_told(one) for one in get_args(kind))
    if get_origin(kind) is Literal:
        return " or ".join(repr(one) for one in get_args(kind))
    return {float: "a number", int: "a whole number", bool: "true or false", NoneType: "null"}.get(kind, str(kind))
