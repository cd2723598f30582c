"""Rows that are conversations: their messages are kept, and what is no conversation is refused with its line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from parity.errors import MalformedLine
from parity.inputs.inputs import Inputs, open_inputs
from parity.inputs.messages import Message
from parity.inputs.spec import InputsSpec

_ASKED = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Which film?"}]


def opened(path: Path, *rows: dict[str, Any], **spec: Any) -> Inputs:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return open_inputs(InputsSpec(str(path), **spec))


def test_a_column_of_messages_stands_for_the_text_and_is_kept(tmp_path: Path) -> None:
    inputs = opened(tmp_path / "a.jsonl", {"id": 7, "messages": _ASKED, "text": "another"})
    ((example,),) = inputs.windows()
    assert ("Be brief.\nWhich film?", "7") == (example.text, example.id)
    assert (Message("system", "Be brief."), Message("user", "Which film?")) == example.messages
    assert _ASKED == example.crossing()["messages"] == example.kept()["messages"]
    assert 1 == inputs.record().messages


def test_another_column_can_be_named(tmp_path: Path) -> None:
    inputs = opened(tmp_path / "a.jsonl", {"messages": _ASKED, "text": "another"}, text_column="text")
    ((example,),) = inputs.windows()
    assert ("another", None, 0) == (example.text, example.messages, inputs.record().messages)
    inputs = opened(tmp_path / "b.jsonl", {"dialogue": _ASKED}, text_column="dialogue")
    ((example,),) = inputs.windows()
    assert example.messages is not None and "Which film?" == example.messages[1][1]


def test_the_role_of_a_message_is_part_of_the_digest(tmp_path: Path) -> None:
    other = [dict(_ASKED[0], role="user"), _ASKED[1]]
    digests = {opened(tmp_path / "a.jsonl", {"messages": one}).digest for one in (_ASKED, other)}
    assert 2 == len(digests)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ([], "is empty"),
        (None, "is missing"),
        ("hello", "is not a list of messages"),
        (["hello"], "holds something other than messages"),
        ([{"role": "user"}], "holds a message without a role or a content that are texts"),
        ([{"role": "user", "content": [{"type": "image"}]}], "without a role or a content that are texts"),
        ([{"role": "user", "content": "a", "tool_calls": [1]}], "holds a message with 'tool_calls'"),
    ],
)
def test_what_is_no_conversation_is_refused_with_its_line(value: Any, said: str, tmp_path: Path) -> None:
    with pytest.raises(MalformedLine) as caught:
        opened(tmp_path / "a.jsonl", {"messages": _ASKED}, {"messages": value})
    assert "line 2" in str(caught.value)
    assert said in str(caught.value)
