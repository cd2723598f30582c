"""Other tokens of the target: the two decoders are given another start, or split the target otherwise."""

from __future__ import annotations

from collections.abc import Iterator

from parity.causes.case import Case, pair, tokens
from parity.causes.cause import Cause, Suspicion
from parity.causes.evidence import Evidence
from parity.records.targets import Targets
from parity.records.tokens import TokenExample, Tokens

__all__ = ["TargetTokens"]


def _targets(record: Tokens) -> Targets:
    return Targets(given=10, written=0, least=8, most=32, as_text=False, tokens=record)


_START = Tokens(
    rows=10,
    rows_equal=0,
    differences={"special_tokens": 10},
    examples=[
        TokenExample(
            row=0,
            kinds=["special_tokens"],
            text="a text",
            reference_pieces=["<pad>", "a"],
            candidate_pieces=["</s>", "a"],
            reference_ids=[0, 5],
            candidate_ids=[1, 5],
        )
    ],
)


class TargetTokens(Cause):
    NAME = "tokenizer.target"
    TITLE = "The target has other tokens"
    REMEDY = "Give both decoders the same start token (decoder_start_token_id) and tokenize targets with the reference's tokenizer."
    STAGE = "decoder_input_ids"
    SPECIFICITY = 40
    CASES = (
        Case("another start token", pair(first="decoder_input_ids", targets=_targets(_START))),
        Case("other pieces", pair(first="decoder_input_ids", targets=_targets(tokens(pieces=4)))),
    )
    BENIGN = (
        Case("the same tokens", pair(first="layer.0", targets=_targets(tokens()))),
        Case("no decoder", pair(first="layer.0")),
    )

    def suspect(self, evidence: Evidence) -> Iterator[Suspicion]:
        if evidence.targets is None:
            return
        record = evidence.targets.tokens
        differing = record.rows - record.rows_equal
        if not differing:
            return
        starts = {(one.reference_pieces[0], one.candidate_pieces[0]) for one in record.examples}
        kinds = ", ".join(f"{name} in {count}" for name, count in record.differences.items())
        start = next(iter(starts), ("", ""))
        what = f"differ ({kinds})"
        if len(starts) == 1 and start[0] != start[1]:
            what = f"differ, and they begin with {start[0]!r} in the reference and {start[1]!r} in the candidate ({kinds})"
        yield Suspicion(
            f"In {differing} of {record.rows} rows the tokens that the two decoders are given {what}.",
            self.STAGE,
            {"rows": differing, "differences": dict(record.differences)},
            severity="divergent",
        )
