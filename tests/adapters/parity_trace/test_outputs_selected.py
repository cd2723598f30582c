"""The forms of what serving engines write, brought into one: of vLLM, of OpenAI's and llama.cpp's servers, and plain lists."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from parity_trace.outputs_file import read_outputs
from parity_trace.outputs_selected import BadSelection, read_selection

OWN = {"names": [7], "scores": [-1.5], "at": 1, "best": False, "piece": 7}
BEST = {"names": [9, 7], "scores": [-0.5, -1.5], "at": 1}
FIRST: dict[str, Any] = {"names": [0], "scores": [None], "at": 0, "best": False, "piece": None}


def _places(row: dict[str, Any]) -> list[dict[str, Any]]:
    found = read_selection(row, [row])
    assert found is not None
    assert found.selected is not None
    assert found.selects is not None
    assert ("next", "log_probabilities") == (found.selects["per"], found.selects["scores"])
    return list(found.selected[0]["places"])


def test_a_plain_list_of_numbers_has_scores_without_tokens() -> None:
    own = {**OWN, "names": [0], "piece": None}
    assert [FIRST, own] == _places({"token_logprobs": [None, -1.5]})


@pytest.mark.parametrize(
    "row",
    [
        {
            "token_logprobs": [
                None,
                {
                    "id": 7,
                    "logprob": -1.5,
                    "top_logprobs": [{"id": 9, "logprob": -0.5}, {"id": 8, "logprob": -0.7}],
                },
            ]
        },
        {
            "tokens": [5, 7],
            "token_logprobs": [None, -1.5],
            "top_logprobs": [None, {"9": -0.5, "8": -0.7, "7": -1.5}],
        },
        {
            "prompt_token_ids": [5, 7],
            "prompt_logprobs": [
                None,
                {"7": {"logprob": -1.5, "rank": 3}, "9": {"logprob": -0.5}, "8": {"logprob": -0.7}},
            ],
        },
    ],
    ids=["llama.cpp", "completions", "vLLM"],
)
def test_the_forms_of_engines_are_one(row: dict[str, Any]) -> None:
    places = _places(row)
    assert [None, -1.5] == [one["scores"][0] for one in places if one.get("best") is False]
    # The text's own token, which an engine adds after the best ones, is not one of these.
    assert {"names": [9, 8], "scores": [-0.5, -0.7], "at": 1} == places[-1]


def test_content_with_the_texts_of_tokens_is_read() -> None:
    content = [{"token": " film", "logprob": -0.25, "top_logprobs": [{"token": " film", "logprob": -0.25}]}]
    own, best = _places({"logprobs": {"content": content}})
    assert (" film", [-0.25]) == (own["piece"], own["scores"])
    assert [" film"] == best["names"]


def test_decimals_of_scores_are_recognised() -> None:
    found = read_selection(["token_logprobs"], [{"token_logprobs": [None, -1.25, -0.31, -2.07]}])
    assert found is not None
    assert found.selects is not None
    assert 2 == found.selects["decimals"]
    assert 0.005 == pytest.approx(found.selects["rounded"])


@pytest.mark.parametrize(
    ("value", "places"),
    [
        ("a film", [{"names": ["a film"]}]),
        ([{"answer": "a", "score": 0.5, "start": 2, "end": 3}], [{"names": ["a"], "span": [2, 3]}]),
        ({"text": "a"}, [{"names": ["a"], "span": None}]),
        ([], []),
    ],
)
def test_an_answer_is_a_text_or_the_first_of_several(value: object, places: list[dict[str, Any]]) -> None:
    found = read_selection(["answers"], [{"answers": value}])
    assert found is not None
    assert found.selected is not None
    assert places == found.selected[0]["places"]


@pytest.mark.parametrize("value", ["a film", [{"generated_text": "a film"}], {"summary_text": "a film"}])
def test_a_generated_text_may_be_what_a_pipeline_returns(value: object) -> None:
    found = read_selection(["text", "texts"], [{"text": "t", "texts": value}])
    assert found is not None
    assert (["a film"], None) == (found.generated, found.selected)


def test_texts_alone_are_inputs_and_nothing_was_selected() -> None:
    assert None is read_selection(["texts"], [{"texts": "a film"}])


@pytest.mark.parametrize(
    "row",
    [
        {"token_logprobs": [True]},
        {"token_logprobs": [None], "tokens": [1, 2]},
        {"token_logprobs": [{"id": 1.5, "logprob": -1.0}]},
        {"token_logprobs": [{"id": 1, "logprob": -1.0, "top_logprobs": [{"id": 1}]}]},
    ],
)
def test_what_has_another_form_is_refused_with_its_row(row: dict[str, Any]) -> None:
    with pytest.raises(BadSelection) as refused:
        read_selection(row, [row])
    assert 0 == refused.value.row


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ({"text": "t", "logprobs": {"content": [{"token": "t", "logprob": -1.0}]}}, "logprobs"),
        ({"text": "t", "answers": {"text": "a", "start": 0, "end": 1}}, "answers"),
        ({"text": "t", "generated_text": "a", "answer": "b"}, "answer and generated_text"),
        ({"scores": {"a": 0.25, "b": 0.75}, "answer": "b"}, "scores"),
        ({"logits": [0.25, 0.75], "answer": "b"}, "logits"),
    ],
)
def test_scores_of_classes_come_before_what_was_selected(
    row: dict[str, Any], column: str, tmp_path: Path
) -> None:
    path = tmp_path / "served.jsonl"
    path.write_text(json.dumps(row) + "\n", encoding="utf-8")
    found = read_outputs(str(path), {})
    assert (column, column in ("scores", "logits")) == (found.column, found.selection is None)
