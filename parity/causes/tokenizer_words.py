"""Words of a row tokenized each by itself on one side, and as one text on the other."""

from __future__ import annotations

from collections.abc import Iterator

from parity.border.description import Abilities, Description
from parity.causes.case import Case, pair, side, tokens
from parity.causes.cause import Cause, Suspicion
from parity.causes.evidence import Evidence, InputsSeen, TokensSeen
from parity.records.inputs import InputsRecord

__all__ = ["TokenizerWords"]

_KEY = "is_split_into_words"
_SPLIT, _WHOLE = side(tokenizer={_KEY: True}), side(tokenizer={_KEY: False})
_KINDS = ("pieces", "ids", "text")


def _words(split: bool | None) -> InputsSeen:
    count = 0 if split is None else 10
    return InputsSeen(InputsRecord(count=10, digest="", source="by hand", words=count, split=split))


class TokenizerWords(Cause):
    NAME = "tokenizer.words"
    TITLE = "Words tokenized one by one, and as one text"
    REMEDY = "Tokenize words as in training: ?is_split_into_words=true on both sides, or give both the text as it was written."
    STAGE = "tokens"
    SPECIFICITY = 40
    CASES = (
        Case(
            "one side is told to, and the other not to",
            pair(_SPLIT, _WHOLE, first="tokens", tokens=TokensSeen(tokens(pieces=4)), inputs=_words(True)),
        ),
        Case(
            "one side is told to, and the other reads the text",
            pair(side(), _SPLIT, first="tokens", tokens=TokensSeen(tokens(pieces=4)), inputs=_words(False)),
        ),
        Case(
            "a side that always splits texts into words, and one that reads them whole",
            pair(
                side(can=Abilities(words="own")), side(), first="tokens", tokens=TokensSeen(tokens(pieces=4))
            ),
        ),
    )
    BENIGN = (
        Case(
            "both tokenize each word by itself",
            pair(_SPLIT, side(), first="tokens", tokens=TokensSeen(tokens(pieces=4)), inputs=_words(True)),
        ),
        Case("no other tokens, which is only observed", pair(_SPLIT, _WHOLE, inputs=_words(True))),
        Case("texts", pair(side(), side(), first="tokens", tokens=TokensSeen(tokens(pieces=4)))),
    )

    def suspect(self, evidence: Evidence) -> Iterator[Suspicion]:
        record = evidence.tokens.record
        count = max((record.differences.get(kind, 0) for kind in _KINDS), default=0)
        split = [_splits(described, evidence) for described in evidence.described]
        if split[0] == split[1]:
            return
        by_word, whole = ("reference", "candidate") if split[0] else ("candidate", "reference")
        if not count:
            if evidence.inputs.record.words:
                yield Suspicion(
                    f"The {by_word} tokenizes each word by itself (pre-split), the {whole} their text as a whole: no token of these "
                    "rows differs. In a text as it was written punctuation follows without a space, and there pieces can differ: "
                    "give it as the column text beside the words.",
                    self.STAGE,
                    {"by word": by_word},
                    standing="observed",
                    named=False,
                    settings=("tokenizer." + _KEY,),
                    could_hide=True,
                )
            return
        yield Suspicion(
            f"In {count} of {record.rows} rows the words are split into other pieces: the {by_word} tokenizes each word by itself "
            f"(pre-split), the {whole} their text as a whole.",
            self.STAGE,
            {"rows": count, "by word": by_word},
            severity="divergent",
            settings=("tokenizer." + _KEY,),
        )


def _splits(described: Description, evidence: Evidence) -> bool:
    """Whether a side tokenizes each word by itself."""
    if described.can.words == "own":
        return True
    told = described.tokenizer.get(_KEY)
    split = evidence.inputs.record.split
    return bool(told) if told is not None and split is not None else bool(split)
