"""Settings that a user gives by their own name: typed by what is there, refused where they are not there, reported without effect."""

from __future__ import annotations

from typing import Any

import pytest

from parity._in_process.host import Refusal
from parity_transformers import config_settings, settings


class _Host:
    Refusal = Refusal


class _Config:
    """A config as transformers has them: attributes, and other names for some of them."""

    attribute_map = {"num_hidden_layers": "n_layer"}  # noqa: RUF012

    def __init__(self) -> None:
        self.n_layer = 2
        self.eps = 1e-12
        self.act = "gelu"
        self.scale = True
        self.pruned: list[int] = []
        self.inner = {"theta": 10000.0}
        self.nothing = None

    def to_dict(self) -> dict[str, Any]:
        return dict(vars(self))


def _apply(query: dict[str, str], config: Any = None) -> list[config_settings.Override]:
    return config_settings.apply(
        config or _Config(),
        settings.group(query, "config"),
        "the folder m",
        _Host(),  # type: ignore[arg-type]
    )


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("n_layer", "3", 3),
        ("num_hidden_layers", "3", 3),
        ("eps", "1e-5", 1e-5),
        ("eps", "1", 1.0),
        ("act", "1", "1"),
        ("scale", "off", False),
        ("pruned", "[1, 2]", [1, 2]),
        ("inner.theta", "500", 500.0),
        ("nothing", "0.5", 0.5),
        ("nothing", "word", "word"),
        ("n_layer", "null", None),
    ],
)
def test_a_setting_is_read_as_the_type_of_the_value_that_is_there(key: str, text: str, value: Any) -> None:
    (done,) = _apply({f"config.{key}": text})
    assert (value, type(value)) == (done.value, type(done.value))


@pytest.mark.parametrize(
    ("query", "sentence", "step"),
    [
        (
            "n_layer=1.5",
            "config.n_layer=1.5 does not fit: n_layer of the config of the folder m is 2.",
            "a whole number",
        ),
        ("scale=maybe", "scale of the config of the folder m is True", "true or false"),
        ("pruned=1", "does not fit", "a list as JSON"),
        ("n_layers=3", "the config of the folder m has no n_layers", "Did you mean n_layer or"),
        ("inner.thta=3", "has no inner.thta", "Did you mean inner.theta"),
        ("act.theta=3", "has no act.theta", "inner.theta"),
        ("inner={}", "inner of the config of the folder m holds several", "config.inner.theta"),
        ("dtype=float16", "is not a setting to change here", "?dtype="),
        ("auto_map=x", "is not a setting to change here", "trust_remote_code"),
    ],
)
def test_a_setting_that_does_not_fit_or_is_not_there_is_refused(query: str, sentence: str, step: str) -> None:
    key, _, text = query.partition("=")
    with pytest.raises(Refusal) as caught:
        _apply({f"config.{key}": text})
    assert "bad-option-value" == caught.value.slug
    assert sentence in caught.value.sentence
    assert step in caught.value.next_step


def test_a_setting_that_nothing_reads_or_that_has_its_value_already_is_reported() -> None:
    config = _Config()
    reads = config_settings.Reads(
        _apply({"config.n_layer": "3", "config.eps": "1e-12", "config.act": "relu", "other": "x"}, config)
    )
    assert 3 == config.n_layer
    reads.stop()
    _ = config.act, config.eps
    assert [
        "config.eps=1e-12 has no effect: that is the value in the config.",
        "config.act=relu has no effect: the model reads no act.",
    ] == reads.notes()
    assert "__getattribute__" not in vars(_Config)
