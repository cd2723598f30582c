"""Pieces that differ around added tokens alone: one tokenizer puts a space after them, or does not have them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, cast

from parity.align.names import some
from parity.causes.case import Case, pair, side, tokens
from parity.causes.cause import Cause, Suspicion
from parity.causes.evidence import Evidence, TokensSeen
from parity.records.tokens import TokenExample, Tokens

__all__ = ["AddedTokens"]

_SETTINGS = ("tokenizer.legacy", "tokenizer.internals")


class _Pieces:
    """Rows made by hand: what either side makes of a text with the marker [E]."""

    def __init__(
        self, here: list[str], there: list[str], script: list[list[Any]], text: str = "a [E]b"
    ) -> None:
        self.example = TokenExample(
            row=0,
            kinds=["pieces"],
            text=text,
            reference_pieces=here,
            candidate_pieces=there,
            reference_ids=list(range(len(here))),
            candidate_ids=list(range(len(there))),
            script=script,
        )

    def case(self, words: str, ours: list[str], theirs: list[str]) -> Case:
        record = Tokens(rows=10, rows_equal=9, differences={"pieces": 1}, examples=[self.example])
        sides = (
            side(tokenizer={"added_tokens": added, "legacy": legacy, "class": "Tokenizer"})
            for added, legacy in ((ours, True), (theirs, False))
        )
        return Case(words, pair(*sides, first="tokens", tokens=TokensSeen(record)))


_SPACE = _Pieces(
    ["_a", "[E]", "_", "b"],
    ["_a", "[E]", "b"],
    [["equal", 0, 0], ["equal", 1, 1], ["delete", 2, None], ["equal", 3, 2]],
)
_SPLIT = _Pieces(
    ["_a", "[E]", "b"],
    ["_a", "[", "E", "]", "b"],
    [["equal", 0, 0], ["replace", 1, 1], ["insert", None, 2], ["insert", None, 3], ["equal", 2, 4]],
)
_ELSEWHERE = _Pieces(
    ["_ab", "[E]", "b"],
    ["_a", "b", "[E]", "b"],
    [["replace", 0, 0], ["insert", None, 1], ["equal", 1, 2], ["equal", 2, 3]],
    "ab [E]b",
)


class AddedTokens(Cause):
    NAME = "tokenizer.added_tokens"
    TITLE = "Added tokens are treated differently"
    REMEDY = "Give both tokenizers the same added tokens and the same setting (?tokenizer.legacy=…, ?tokenizer.from_slow=true), or save them with one version."
    STAGE = "tokens"
    SPECIFICITY = 10
    CASES = (
        _SPACE.case("a space piece after an added token", ["[E]"], ["[E]"]),
        _SPLIT.case("a token that one side has not", ["[E]"], []),
    )
    BENIGN = (
        _ELSEWHERE.case("pieces that differ before it", ["[E]"], ["[E]"]),
        Case("equal tokens", pair(tokens=TokensSeen(tokens()))),
    )

    def suspect(self, evidence: Evidence) -> Iterator[Suspicion]:
        ours, theirs = (described.tokenizer for described in evidence.described)
        count = evidence.tokens.record.differences.get("pieces", 0)
        shown = [one for one in evidence.tokens.record.examples if "pieces" in one.kinds]
        if not count or not shown:
            return
        added = {*ours.get("added_tokens", ()), *theirs.get("added_tokens", ())}
        found = [_token_at(one, added) for one in shown]
        if not all(found):
            return
        names = sorted({token for token in found if token})
        alone = sorted({*ours.get("added_tokens", ())} ^ {*theirs.get("added_tokens", ())})
        unlike = _unlike(ours, theirs)
        if set(names) & set(alone):
            unlike = [f"only one side has {some(alone)}", *unlike]
        why = f": {some(unlike)}" if unlike else ""
        yield Suspicion(
            f"In {count} of {evidence.tokens.record.rows} rows the pieces differ from an added token on ({some(names)}){why}.",
            self.STAGE,
            {"rows": count, "added tokens": names[:100], "settings": unlike},
            severity="divergent",
            settings=_SETTINGS,
        )


def _token_at(example: TokenExample, added: set[str]) -> str:
    """The added token in the text at or right before the first piece that differs; empty where there is none."""
    texts = example.text + (example.pair or "")
    here, there = example.reference_pieces, example.candidate_pieces
    # By their order, not by the edit script: versions give one piece other offsets, and the script then has it twice.
    first = next((k for k, (one, other) in enumerate(zip(here, there, strict=False)) if one != other), None)
    if first is None:
        return ""
    near = [*here[max(0, first - 1) : first + 1], there[first]]
    return next((token for token in near if token in added and token in texts), "")


def _unlike(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> list[str]:
    """The settings of the two that treat added tokens, with both values, where they differ."""
    here, there = (
        {name: value for key in ("legacy", "pre_tokenizer") for name, value in _flat(key, side.get(key))}
        for side in (ours, theirs)
    )
    return [
        f"{name} ({here.get(name)} and {there.get(name)})"
        for name in dict.fromkeys((*here, *there))
        if here.get(name) != there.get(name)
    ]


def _flat(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    inner: Iterable[tuple[object, Any]]
    if isinstance(value, Mapping):
        inner = cast("Mapping[str, Any]", value).items()
    elif isinstance(value, list):
        inner = enumerate(cast("Sequence[Any]", value))
    else:
        yield name, value
        return
    for key, one in inner:
        yield from _flat(f"{name}.{key}", one)
