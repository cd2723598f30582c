"""Conversations rendered by unlike chat templates, or by a template on one side only."""

from __future__ import annotations

from collections.abc import Iterator

from parity.border.description import Description
from parity.causes.case import Case, pair, side, tokens
from parity.causes.cause import Cause, Suspicion
from parity.causes.evidence import Evidence, InputsSeen, TokensSeen
from parity.measure.differing_texts import from_where_they_differ
from parity.records.inputs import InputsRecord

__all__ = ["ChatTemplate"]

_KEY, _APPLY = "chat_template", "apply_chat_template"
_KINDS = ("text", "pieces", "ids", "special_tokens")
_ONE, _OTHER = (
    side(tokenizer={_KEY: "<s>{{ messages }}"}),
    side(tokenizer={_KEY: "<|im_start|>{{ messages }}"}),
)
_DIFFERENT = TokensSeen(tokens(text=10))


def _conversations(count: int) -> InputsSeen:
    return InputsSeen(InputsRecord(count=10, digest="", source="by hand", messages=count))


class ChatTemplate(Cause):
    NAME = "tokenizer.chat_template"
    TITLE = "Other chat templates"
    REMEDY = "Copy chat_template (in tokenizer_config.json, or chat_template.jinja) from the side that the model was trained with."
    STAGE = "text"
    SPECIFICITY = 60
    CASES = (
        Case(
            "two templates",
            pair(_ONE, _OTHER, first="text", tokens=_DIFFERENT, inputs=_conversations(10)),
        ),
        Case(
            "a template, and none",
            pair(_ONE, side(), first="text", tokens=_DIFFERENT, inputs=_conversations(10)),
        ),
        Case(
            "one side applies its template to texts",
            pair(
                side(tokenizer={_KEY: "<s>{{ messages }}", _APPLY: True}),
                _ONE,
                first="text",
                tokens=_DIFFERENT,
            ),
        ),
    )
    BENIGN = (
        Case("one template", pair(_ONE, _ONE, first="text", tokens=_DIFFERENT, inputs=_conversations(10))),
        Case("texts, which no template is applied to", pair(_ONE, _OTHER, first="text", tokens=_DIFFERENT)),
        Case("two templates that render the same", pair(_ONE, _OTHER, inputs=_conversations(10))),
    )

    def suspect(self, evidence: Evidence) -> Iterator[Suspicion]:
        record = evidence.tokens.record
        count = max((record.differences.get(kind, 0) for kind in _KINDS), default=0)
        conversations = evidence.inputs.record.messages > 0
        used = [_used(described, conversations=conversations) for described in evidence.described]
        if used[0] == used[1] or not count:
            return
        if used[0] is None or used[1] is None:
            on, off = ("candidate", "reference") if used[0] is None else ("reference", "candidate")
            words = f"the {on} renders them by its chat template, the {off} reads their texts"
        else:
            here, there = from_where_they_differ(used[0], used[1])
            words = f"the two chat templates differ, first at {here!r} and {there!r}"
        yield Suspicion(
            f"In {count} of {record.rows} rows the text that is tokenized differs: {words}.",
            self.STAGE,
            {"rows": count},
            severity="divergent",
            settings=(f"tokenizer.{_KEY}",),
        )


def _used(described: Description, *, conversations: bool) -> str | None:
    """The template that a side renders by; None where it renders nothing."""
    chosen = described.tokenizer.get(_APPLY)
    applied = chosen if chosen is not None else conversations
    return described.tokenizer.get(_KEY) if applied else None
