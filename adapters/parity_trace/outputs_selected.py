"""What a serving engine writes beside or in place of logits: log-probabilities of the text's tokens, answers, generated texts.

    token_logprobs  a list, one entry a token of the text: a number (null at the first), an object {"token" or "id", "logprob",
                    "top_logprobs"}, or an object of token id to {"logprob"}; with them `tokens` (texts or ids) and `top_logprobs`, where these are columns
    answers         a text, or {"text" or "answer", "start", "end"}; of several the first
    generated_text  a text

They are brought into the form that parity compares. Standard library and numpy alone.
"""

# The content of a file has no type before it is checked.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from . import outputs_values

__all__ = ["FORMS", "BadSelection", "Selection", "read_selection"]

_LOGPROBS = ("token_logprobs", "prompt_logprobs", "logprobs")
_ANSWERS = ("answers", "answer")
_GENERATED = ("generated_text", "generated", "completion", "texts")
FORMS = frozenset((*_LOGPROBS, *_ANSWERS, *_GENERATED))
"""The columns that hold what was selected, where a file holds no scores of classes."""
_TOKENS = ("tokens", "prompt_token_ids", "token_ids")
_NEXT = 'Write {"token_logprobs": [null, -1.25, …]} with one entry for each token of the text.'


class BadSelection(Exception):
    """The fault of a row, counted from 0, and the next step."""

    def __init__(self, row: int, what: str, next_step: str = _NEXT) -> None:
        super().__init__(what)
        self.row, self.what, self.next_step = row, what, next_step


class Selection(NamedTuple):
    """What was selected in each row, and generated texts; `selects` says of what kind the first is, `columns` are those that hold them."""

    selected: list[dict[str, Any]] | None
    generated: list[str | None] | None
    selects: dict[str, Any] | None
    columns: tuple[str, ...]


def read_selection(known: Iterable[str], rows: Sequence[Mapping[str, Any]]) -> Selection | None:
    """What the rows hold of these forms; None where they hold none. Raises BadSelection."""
    names = set(known)
    logprobs = next((name for name in _LOGPROBS if name in names), None)
    answers = next((name for name in _ANSWERS if name in names), None)
    # `texts` are the inputs, where nothing else is.
    beside = names & {"text", "prompt", "sentence", "id", "ids"}
    generated = next((name for name in _GENERATED if name in names and (name != "texts" or beside)), None)
    columns = tuple(
        name for name in (logprobs, answers if logprobs is None else None, generated) if name is not None
    )
    if not columns:
        return None
    selected, selects = None, None
    if logprobs is not None:
        selected = [_tokens_of(number, row, logprobs) for number, row in enumerate(rows)]
        values = [
            score for row in selected for one in row["places"] for score in one["scores"] if score is not None
        ]
        decimals, step = outputs_values.rounding(np.array(values, np.float64), np.float64)
        selects = {"per": "next", "scores": "log_probabilities", "rounded": step, "decimals": decimals}
    elif answers is not None:
        selected = [_answer(number, row.get(answers)) for number, row in enumerate(rows)]
        selects = {"per": "answer", "scores": "none"}
    texts = (
        None
        if generated is None
        else [_text(number, row.get(generated), generated) for number, row in enumerate(rows)]
    )
    return Selection(selected, texts, selects, columns)


def _tokens_of(number: int, row: Mapping[str, Any], column: str) -> dict[str, Any]:
    entries = row.get(column)
    if isinstance(entries, dict) and isinstance(entries.get("content"), list):
        entries = entries["content"]
    if not isinstance(entries, list):
        raise BadSelection(number, f"{column} is not a list")
    tokens = next((row[name] for name in _TOKENS if isinstance(row.get(name), list)), None)
    tops = row.get("top_logprobs")
    for name, other in (("tokens", tokens), ("top_logprobs", tops)):
        if isinstance(other, list) and len(other) != len(entries):
            raise BadSelection(number, f"{column} has {len(entries)} entries, and {name} {len(other)}")
    places: list[dict[str, Any]] = []
    for at, entry in enumerate(entries):
        token = None if tokens is None else tokens[at]
        beside = tops[at] if isinstance(tops, list) else None
        places += _place(number, at, entry, token, beside)
    return {"places": places}


def _place(number: int, at: int, entry: Any, token: Any, beside: Any) -> list[dict[str, Any]]:
    """The text's own token at one position with its score, and the best ones where they are there."""
    score: Any = entry
    if isinstance(entry, dict) and "logprob" in entry:
        token = entry.get("id", entry.get("token_id", entry.get("token", token)))
        score, beside = entry["logprob"], entry.get("top_logprobs", beside)
    elif isinstance(entry, dict):
        if not isinstance(token, int):
            raise BadSelection(
                number,
                f"entry {at} names tokens by id, and nothing tells which one the text has",
                'Add "prompt_token_ids".',
            )
        best = _best(number, at, entry)
        score, beside = dict(best).get(token), entry
    if score is not None and (isinstance(score, bool) or not isinstance(score, (int, float)) or score > 1e-3):
        raise BadSelection(number, f"entry {at} is {score!r}, and a log-probability is a number up to 0")
    if token is not None and not isinstance(token, (int, str)):
        raise BadSelection(number, f"the token of entry {at} is {token!r}, neither a text nor an id")
    own = {
        "names": [0 if token is None else token],
        "scores": [score],
        "at": at,
        "best": False,
        "piece": token,
    }
    best = [] if beside is None else _best(number, at, beside)
    # Engines add the text's own token after the best ones where it is not among them.
    if len(best) > 1 and best[-1][0] == token:
        best = best[:-1]
    if not best:
        return [own]
    return [own, {"names": [name for name, _ in best], "scores": [one for _, one in best], "at": at}]


def _best(number: int, at: int, beside: Any) -> list[tuple[Any, float]]:
    """The tokens of one position with their scores, the largest first."""
    pairs: list[tuple[Any, Any]] = []
    if isinstance(beside, dict):
        pairs = [
            (_id(name), one.get("logprob") if isinstance(one, dict) else one) for name, one in beside.items()
        ]
    elif isinstance(beside, list) and all(isinstance(one, dict) for one in beside):
        pairs = [(one.get("id", one.get("token_id", one.get("token"))), one.get("logprob")) for one in beside]
    if any(name is None or not isinstance(one, (int, float)) for name, one in pairs) or (
        beside and not pairs
    ):
        raise BadSelection(number, f"the best tokens of entry {at} are not tokens with log-probabilities")
    return sorted(pairs, key=lambda pair: -pair[1])


def _id(name: str) -> Any:
    return int(name) if name.lstrip("-").isdecimal() else name


def _answer(number: int, value: Any) -> dict[str, Any]:
    first = value[0] if isinstance(value, list) and value else value
    if isinstance(first, str):
        return {"places": [{"names": [first]}]}
    if first is None or first == []:
        return {"places": [], "reason": "it has no answer"}
    text = first.get("text", first.get("answer")) if isinstance(first, dict) else None
    if not isinstance(first, dict) or not isinstance(text, str):
        raise BadSelection(
            number,
            "its answer is neither a text nor an object with one",
            'Write {"answers": "…"} on each line.',
        )
    span = [first.get("start"), first.get("end")]
    known = all(isinstance(one, int) for one in span)
    return {"places": [{"names": [text], "span": span if known else None}]}


def _text(number: int, value: Any, column: str) -> str | None:
    first = value[0] if isinstance(value, list) and value else value
    if isinstance(first, dict):
        first = next((one for name, one in first.items() if name.endswith("text")), None)
    if first is not None and not isinstance(first, str):
        raise BadSelection(number, f"{column} is not a text", 'Write {"generated_text": "…"} on each line.')
    return first
