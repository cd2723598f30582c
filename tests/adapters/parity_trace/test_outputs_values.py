"""What the numbers of a file of outputs are, told from all rows: logits, probabilities, log-probabilities, and their rounding."""

# Arrays are of whatever type they were given.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from parity_trace.outputs_values import as_logits, look_at, out_of_range

LOGITS = np.random.default_rng(1).normal(size=(50, 3)) * 3


def softmax(logits: Any) -> Any:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def kind(values: Any, *, multi_label: bool = False, forced: str | None = None) -> str:
    return str(look_at(values, stored=values.dtype, multi_label=multi_label, forced=forced).kind)


@pytest.mark.parametrize("decimals", range(2, 9))
def test_rounded_probabilities_are_probabilities_and_their_rounding_is_known(decimals: int) -> None:
    found = look_at(np.round(softmax(LOGITS), decimals), stored=np.float64, multi_label=False, forced=None)
    assert ("probabilities", decimals, 0.5 * 10.0**-decimals) == (found.kind, found.decimals, found.step)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_probabilities_in_any_float_are_probabilities(dtype: str) -> None:
    values = softmax(LOGITS).astype(dtype)
    wide = values.astype("float32") if dtype == "float16" else values
    found = look_at(wide, stored=values.dtype, multi_label=False, forced=None)
    assert ("probabilities", None, dtype == "float16") == (found.kind, found.decimals, found.step > 0)


def test_percentages_are_probabilities_written_with_a_hundred() -> None:
    values = np.round(softmax(LOGITS) * 100, 1)
    found = look_at(values, stored=values.dtype, multi_label=False, forced=None)
    assert ("probabilities", True) == (found.kind, found.percent)
    assert np.allclose(values / 100, np.exp(as_logits(values, found, multi_label=False)))


@pytest.mark.parametrize("digits", [3, 6, 15])
def test_rows_whose_exponentials_sum_to_one_are_log_probabilities(digits: int) -> None:
    assert "log_probabilities" == kind(np.round(np.log(softmax(LOGITS)), digits))


def test_a_probability_of_zero_is_one_all_the_same() -> None:
    values = np.array([[0.0, 1.0], [0.25, 0.75], [1.0, 0.0]])
    assert "probabilities" == kind(values)
    with np.errstate(divide="ignore"):
        assert "log_probabilities" == kind(np.log(values))


@pytest.mark.parametrize(
    "values",
    [
        LOGITS,
        np.abs(LOGITS),
        -np.abs(LOGITS),
        np.array([[0.0, 1.0], [1.0, 0.0]]),
        np.array([[3, 1], [2, 2]]),
        np.vstack([softmax(LOGITS), [[0.2, 0.3, 0.4]]]),
        np.vstack([softmax(LOGITS), [[np.inf, 0.0, 0.0]]]),
        softmax(LOGITS)[:, :1],
        np.full((4, 2), np.nan),
    ],
    ids=[
        "logits",
        "positive",
        "negative",
        "votes",
        "counts",
        "one row less",
        "an infinity",
        "one column",
        "nan",
    ],
)
def test_what_one_row_contradicts_are_logits(values: Any) -> None:
    assert "logits" == kind(values)


def test_values_between_nought_and_one_are_those_of_a_sigmoid_only_where_the_user_says_so() -> None:
    values = 1 / (1 + np.exp(-LOGITS))
    found = look_at(values, stored=values.dtype, multi_label=False, forced=None)
    assert ("logits", True) == (found.kind, found.like_sigmoid)
    told = look_at(values, stored=values.dtype, multi_label=True, forced=None)
    assert "probabilities" == told.kind
    assert np.allclose(LOGITS, as_logits(values, told, multi_label=True))


def test_the_user_has_the_last_word() -> None:
    assert "logits" == kind(softmax(LOGITS), forced="logits")
    assert "probabilities" == kind(LOGITS, forced="probabilities")
    assert out_of_range(LOGITS, "probabilities", percent=False) is not None
    assert out_of_range(softmax(LOGITS), "probabilities", percent=False) is None
    assert out_of_range(LOGITS, "log_probabilities", percent=False) is not None
