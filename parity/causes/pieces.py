"""The same text in other pieces, or the same pieces with other ids: another algorithm, or another vocabulary."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from parity.align.texts import unlike_algorithms
from parity.causes.case import Case, pair, side, tokens
from parity.causes.cause import Cause, Suspicion
from parity.causes.evidence import Evidence, TokensSeen

__all__ = ["Algorithm", "Vocabulary"]

_INTERNALS = ("tokenizer.algorithm", "tokenizer.vocabulary_digest", "tokenizer.internals")


class _Kind(NamedTuple):
    """Rows that differ in one way: in their pieces, or in their ids alone."""

    suspicion: Suspicion
    vocabulary: bool


def _kinds(evidence: Evidence) -> Iterator[_Kind]:
    ours, theirs = (described.tokenizer for described in evidence.described)
    digests = ours.get("vocabulary_digest"), theirs.get("vocabulary_digest")
    differences = evidence.tokens.record.differences
    for kind, stage, words in (
        ("pieces", "tokens", "the same normalised text is split into other pieces"),
        ("ids", "input_ids", "the same pieces have other ids"),
    ):
        count = differences.get(kind, 0)
        if not count:
            continue
        facts: dict[str, Any] = {"rows": count}
        same = digests[0] == digests[1] if None not in digests else None
        if same is not None:
            facts["same vocabulary"] = same
        unlike = unlike_algorithms(ours, theirs) if kind == "pieces" else ""
        if unlike:
            words = f"the text is split into other pieces: {unlike}"
        facts["reference tokenizer"], facts["candidate tokenizer"] = ours.get("class"), theirs.get("class")
        if same is False:
            words += "; the two tokenizers have different vocabularies"
        sentence = f"In {count} of {evidence.tokens.record.rows} rows {words}."
        suspicion = Suspicion(sentence, stage, facts, severity="divergent", settings=_INTERNALS)
        yield _Kind(suspicion, kind == "ids" or (same is False and not unlike))


def _case(
    words: str, kind: str, *, digests: str = "aa", algorithms: tuple[str, str] = ("BPE", "BPE")
) -> Case:
    sides = (
        side(tokenizer={"vocabulary_digest": digest, "algorithm": algorithm, "class": "Tokenizer"})
        for digest, algorithm in zip(digests, algorithms, strict=True)
    )
    seen = TokensSeen(tokens(**{kind: 4}))
    return Case(words, pair(*sides, first="tokens" if kind == "pieces" else "input_ids", tokens=seen))


_ONE_VOCABULARY = _case("one vocabulary, other merges", "pieces")
_TWO_ALGORITHMS = _case("WordPiece against BPE", "pieces", digests="ab", algorithms=("WordPiece", "BPE"))
_TWO_VOCABULARIES = _case("two vocabularies of one algorithm", "pieces", digests="ab")
_OTHER_IDS = _case("the same pieces in another order", "ids", digests="ab")


class Algorithm(Cause):
    NAME = "tokenizer.algorithm"
    TITLE = "Another tokenizer algorithm"
    REMEDY = "Load the reference's tokenizer on both sides."
    STAGE = "tokens"
    CASES = (_ONE_VOCABULARY, _TWO_ALGORITHMS)
    BENIGN = (_OTHER_IDS, _TWO_VOCABULARIES)

    def suspect(self, evidence: Evidence) -> Iterator[Suspicion]:
        yield from (kind.suspicion for kind in _kinds(evidence) if not kind.vocabulary)


class Vocabulary(Cause):
    NAME = "tokenizer.vocabulary"
    TITLE = "Another vocabulary order"
    REMEDY = "Use the vocabulary the weights were trained with."
    STAGE = "input_ids"
    CASES = (_TWO_VOCABULARIES, _OTHER_IDS)
    BENIGN = (_ONE_VOCABULARY, _TWO_ALGORITHMS)

    def suspect(self, evidence: Evidence) -> Iterator[Suspicion]:
        yield from (kind.suspicion for kind in _kinds(evidence) if kind.vocabulary)
