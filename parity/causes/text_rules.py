"""Normalised texts that differ: by case, by accents, by their Unicode form, by white space."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from parity.causes.case import Case, pair, side, tokens
from parity.causes.cause import Cause, Suspicion
from parity.causes.evidence import Evidence, TokensSeen
from parity.causes.text_changes import text_facts, text_sentence

__all__ = ["Accents", "Lowercase", "UnicodeForm", "WhiteSpace"]

_SETTINGS = ("tokenizer.do_lower_case", "tokenizer.strip_accents", "tokenizer.internals.normalizer")


def _case(words: str, kind: str, *, lower: bool = False) -> Case:
    seen = TokensSeen(tokens(text=3), {kind: 3})
    sides = [side(tokenizer={"do_lower_case": case}) for case in (True, not lower)]
    return Case(words, pair(*sides, first="text", tokens=seen))


class _TextRule(Cause):
    """A rule that makes the two normalised texts equal."""

    STAGE = "text"
    KIND: ClassVar[str]
    WORDS: ClassVar[str]

    def suspect(self, evidence: Evidence) -> Iterator[Suspicion]:
        count = evidence.tokens.text_changes.get(self.KIND, 0)
        if count:
            yield Suspicion(
                text_sentence(evidence, count, self.WORDS),
                self.STAGE,
                text_facts(evidence, count),
                severity="divergent",
                settings=_SETTINGS,
            )


class Lowercase(_TextRule):
    NAME = "text.lowercase"
    TITLE = "Case is handled differently"
    REMEDY = "Give the candidate the reference's lower-casing rule."
    KIND = "lowercase"
    WORDS = "the normalised texts differ by case"
    CASES = (_case("a cased tokenizer for an uncased one", "lowercase", lower=True),)
    BENIGN = (_case("texts that differ by accents", "accents"), Case("the same texts", pair()))


class Accents(_TextRule):
    NAME = "text.accents"
    TITLE = "Accents are handled differently"
    REMEDY = "Give the candidate the reference's strip_accents."
    KIND = "accents"
    WORDS = "the normalised texts differ by accents"
    CASES = (_case("accents stripped on one side", "accents"),)
    BENIGN = (_case("texts that differ by case", "lowercase", lower=True),)


class UnicodeForm(_TextRule):
    NAME = "text.unicode"
    TITLE = "Another Unicode normal form"
    REMEDY = "Normalise the text as the reference does."
    KIND = "unicode"
    WORDS = "the normalised texts differ by their Unicode form"
    CASES = (_case("NFC against NFKC", "unicode"),)
    BENIGN = (_case("texts that differ by white space", "whitespace"),)


class WhiteSpace(_TextRule):
    NAME = "text.whitespace"
    TITLE = "White space is handled differently"
    REMEDY = "Normalise white space as the reference does."
    KIND = "whitespace"
    WORDS = "the normalised texts differ by white space"
    CASES = (_case("repeated spaces collapsed on one side", "whitespace"),)
    BENIGN = (_case("texts that differ by something else", "other"),)
