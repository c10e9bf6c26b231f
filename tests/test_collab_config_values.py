"""Choices of engines by dotted name, and as JSON."""

from __future__ import annotations

import json
from typing import Any

import pytest

from collab.config_values import config_as_dict, config_from_dict, value_of, with_values
from collab.content_scaling import ScalingConfig
from collab.factors import ALSConfig
from collab.inputs import EngineConfig
from data.errors import InputError

OTHER = EngineConfig(als=ALSConfig(32, 3.5, 2.0, 10), scaling=ScalingConfig(True, 16), lightfm_scaling=ScalingConfig(False, None))


@pytest.mark.parametrize("config", [EngineConfig(), OTHER])
def test_a_configuration_survives_json(config: EngineConfig) -> None:
    assert config_from_dict(json.loads(json.dumps(config_as_dict(config), allow_nan=False))) == config


def test_a_choice_that_is_missing_has_its_default() -> None:
    assert config_from_dict({"als": {"alpha": 2.0}}) == with_values(EngineConfig(), {"als.alpha": 2.0})


def test_other_choices_and_the_given_configuration_stay() -> None:
    changed = with_values(OTHER, {"als.alpha": 7, "ease.regularization": 50})
    assert (changed.als, changed.ease.regularization) == (ALSConfig(32, 3.5, 7.0, 10), 50.0)
    assert changed.scaling == OTHER.scaling
    assert OTHER.als.alpha == 2.0
    assert type(value_of(changed, "als.alpha")) is float


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ({"als": {"factors": 3}}, r"als\.factors.*als\.components"),
        ({"sound": {}}, "'sound' is no part"),
        ({"als": 3}, "als must be a JSON object"),
        (None, "configuration must be a JSON object"),
        ({"als": {"components": 2.5}}, r"als\.components=2\.5 must be a whole number"),
        ({"als": {"components": True}}, r"als\.components=True must be a whole number"),
        ({"als": {"alpha": "3"}}, r"als\.alpha='3' must be a number"),
        ({"als": {"alpha": float("inf")}}, r"als\.alpha=inf must be a number"),
        ({"als": {"alpha": -1}}, "alpha=-1"),
        ({"scaling": {"standardise": 1}}, r"scaling\.standardise=1 must be 'auto' or true or false"),
        ({"scaling": {"components": "all"}}, r"scaling\.components='all' must be a whole number or null"),
    ],
)
def test_what_is_wrong_is_named_in_one_line(value: Any, told: str) -> None:
    with pytest.raises(InputError, match=told) as caught:
        config_from_dict(value)
    assert "\n" not in str(caught.value)


def test_an_unknown_name_is_refused() -> None:
    for name in ("als", "als.", "alpha", "als.alpha.x", ""):
        with pytest.raises(InputError, match="is no "):
            value_of(EngineConfig(), name)
