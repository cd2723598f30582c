"""The conclusion, from ledgers that saw batches made by hand: which stages there are, what counts against parity, who is to blame."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
import pytest

from parity.align.plan import Plan, plan_of
from parity.align.tokens import align_row
from parity.border.description import Abilities, Description, StageSeen
from parity.border.reply import Batch, StageTensor
from parity.inputs.example import Encoding, Example
from parity.measure.noise import Floors
from parity.pair_audit.assemble import conclude
from parity.pair_audit.comparison import Comparison
from parity.pair_audit.ledgers import Ledgers, open_ledgers
from parity.pair_audit.policy import BUILT_IN
from parity.pair_audit.probability_ledger import Deciding
from parity.pair_audit.sample import NoiseSample
from parity.pair_audit.stage_ledger import Shown
from parity.passes import FIRST, passes_in
from parity.records.audit import Audit
from parity.records.inputs import InputsRecord
from parity.records.pair import Pair
from parity.records.passes import PassRecord
from parity.records.policy import PolicyRecord
from parity.records.provenance import Provenance
from parity.records.stage import NotCompared, StageRecord
from parity.session.window import Window
from tests.audit_parts import subject

FAITHFUL = BUILT_IN["faithful"]
ROWS, TOKENS, UNITS = 6, 4, 8
OWN, GIVEN = (one.name for one in passes_in("sweep"))
BOTH = (OWN, GIVEN)
FLOORS = Floors(Pair({}, {}), FAITHFUL, exact=True)


def described(**changes: Any) -> Description:
    values: dict[str, Any] = {
        "framework": "toy",
        "versions": {},
        "stages": [
            StageSeen("embeddings", ["row", "token", "hidden"]),
            StageSeen("layer.0", ["row", "token", "hidden"]),
        ],
        "can": Abilities(accepts_feed=True, float64=True),
        **changes,
    }
    return Description(**values)


def encoding(ids: str = "abcd") -> Encoding:
    letters = tuple(ids)
    spans = tuple((place, place + 1) for place in range(len(letters)))
    nothing = (0,) * len(letters)
    special = (False,) * len(letters)
    return Encoding(tuple(map(ord, letters)), letters, spans, nothing, special, None, ids, None, len(letters))


def ledger(*, tokens: int = ROWS, unlike: int = 0, floors: Floors = FLOORS) -> Ledgers:
    """Ledgers that have seen the tokens of some rows, `unlike` of them with other ids on the candidate's side."""
    kept = open_ledgers(floors, None)
    sides = [Pair(encoding(), encoding("abcx" if row < unlike else "abcd")) for row in range(tokens)]
    kept.open_window(window([Example(row, "abcd") for row in range(tokens)], sides))
    return kept


def window(examples: Sequence[Example], sides: Sequence[Pair[Encoding]]) -> Window:
    return Window(
        list(examples),
        Pair([side.reference for side in sides], [side.candidate for side in sides]),
        [align_row(side.reference, side.candidate) for side in sides],
        Pair(0, 0),
    )


def saw_all(kept: Ledgers, *passes: str, off: float = 0.0, plan: Plan | None = None) -> Ledgers:
    """Let the ledgers see every stage as ones in some passes, the candidate's off by a share, in every row."""
    planned = plan or plan_of(Pair(described(), described()))
    batches = Pair(ones(planned, 1.0), ones(planned, 1.0 + off))
    kept.stages.add(Shown(passes, batches, range(ROWS), None, decides=OWN in passes), planned)
    return kept


def ones(plan: Plan, value: float) -> Batch:
    """A batch in which every stage holds one value throughout; outputs have a row for an axis, the others a token."""
    stages = {"real": StageTensor("real", ("row", "token"), np.ones((ROWS, TOKENS), np.uint8), "uint8")}
    for name in plan.stages:
        whole = name == "logits"
        axes = ("row", "class") if whole else ("row", "token", "hidden")
        shape = (ROWS, 2) if whole else (ROWS, TOKENS, UNITS)
        stages[name] = StageTensor(name, axes, np.full(shape, value, np.float32), "float32")
    return Batch(stages, 0.0, None)


def sample(*, between: dict[str, float] | None = None, own_feed_equal: bool = True) -> NoiseSample:
    return NoiseSample(4, Pair({}, {}), between or {}, own_feed_equal, Pair("pure", "pure"), "by hand")


def concluded(
    kept: Ledgers,
    *,
    sides: Pair[Description] | None = None,
    noise: NoiseSample | None = None,
    policy: PolicyRecord = FAITHFUL,
    floors: Floors = FLOORS,
) -> Audit:
    both = sides or Pair(described(), described())
    return conclude(
        Comparison(
            described=both,
            records=Pair(subject("toy:a"), subject("toy:b")),
            plan=plan_of(both),
            sample=noise or sample(),
            ledgers=kept,
            floors=floors,
            policy=policy,
            inputs=InputsRecord(count=ROWS, digest="sha256:0", source="by hand"),
            passes=[
                PassRecord(
                    name=one.name,
                    title=one.title,
                    sentence=one.sentence,
                    note=one.note,
                    phase=one.phase,
                    feed=one.feed,
                )
                for one in passes_in("sweep")
            ],
            provenance=Provenance(),
            command="parity compare toy:a toy:b",
        )
    )


def record(audit: Audit, stage: str, pass_: str = OWN) -> StageRecord:
    return next(one for one in audit.stages if (one.stage, one.pass_) == (stage, pass_))


def counting(audit: Audit) -> list[tuple[str, str | None]]:
    return [(item.stage, item.pass_) for item in audit.not_compared if item.counts]


def padded(side: str) -> Batch:
    """A batch of one full row and one with two tokens, padded on a side."""
    short = [1, 1, 0, 0] if side == "right" else [0, 0, 1, 1]
    real = np.array([[1, 1, 1, 1], short], np.uint8)
    stages = {
        name: StageTensor(name, ("row", "token"), real.astype(kind), kind)
        for name, kind in (("real", "uint8"), ("attention_mask", "int64"))
    }
    return Batch(stages, 0.0, None)


def test_what_was_fed_alike_counts_in_both_passes() -> None:
    audit = concluded(saw_all(ledger(), *BOTH))
    assert "parity" == audit.verdict
    assert (ROWS, ROWS) == (record(audit, "layer.0").rows, record(audit, "layer.0", GIVEN).rows)


def test_batches_fed_alike_and_apart_are_one_measurement() -> None:
    kept = saw_all(saw_all(ledger(), *BOTH), OWN, off=0.5)
    saw_all(kept, GIVEN)
    audit = concluded(kept)
    own, given = record(audit, "layer.0"), record(audit, "layer.0", GIVEN)
    assert (2 * ROWS * TOKENS, 2 * ROWS * TOKENS) == (own.positions, given.positions)
    assert ("divergent", "equal") == (own.status, given.status)


def test_symbols_come_before_tensors_and_probabilities_after_logits() -> None:
    stages = [StageSeen("embeddings", ["row", "token", "hidden"]), StageSeen("logits", ["row", "class"])]
    side = described(stages=stages, labels=["no", "yes"], task="sequence_classification")
    kept = ledger()
    saw_all(kept, *BOTH, plan=plan_of(Pair(side, side)))
    names = list(dict.fromkeys(one.stage for one in concluded(kept, sides=Pair(side, side)).stages))
    symbols = ["text", "tokens", "input_ids", "token_type_ids", "attention_mask"]
    assert [*symbols, "embeddings", "logits", "probabilities"] == names


def test_float64_is_held_against_the_own_pass_only_where_both_fed_themselves_alike() -> None:
    kept = saw_all(saw_all(ledger(), OWN), GIVEN)
    noise = sample(between={"embeddings": 1e-3, "layer.0": 1e-3}, own_feed_equal=False)
    audit = concluded(kept, noise=noise)
    assert ("equal", "divergent") == (
        record(audit, "layer.0").status,
        record(audit, "layer.0", GIVEN).status,
    )


def test_a_stage_that_was_not_seen_in_float64_counts_against_parity() -> None:
    audit = concluded(saw_all(ledger(), *BOTH), noise=sample(between={"embeddings": 0.0}))
    assert ("not_comparable", [("layer.0", GIVEN)]) == (audit.verdict, counting(audit))


def test_a_stage_that_did_not_fit_in_one_batch_counts_though_others_fitted() -> None:
    kept = saw_all(ledger(), *BOTH)
    kept.stages.refuse(["layer.0"], [OWN], "shape [2, 3] against [3, 2]")
    audit = concluded(kept)
    assert ("not_comparable", [("layer.0", OWN)]) == (audit.verdict, counting(audit))


def test_a_lack_of_the_same_ids_pass_counts_only_where_nothing_differs_before_it() -> None:
    for unlike, expected in ((0, [("layer.0", GIVEN)]), (1, [])):
        kept = saw_all(ledger(unlike=unlike), OWN)
        kept.stages.refuse(["layer.0"], [GIVEN], "the candidate cannot be given another's ids")
        assert expected == counting(concluded(kept))


def test_rows_with_other_ids_are_counted_once_whatever_their_kinds() -> None:
    audit = concluded(saw_all(ledger(unlike=2), *BOTH))
    found = record(audit, "input_ids")
    assert ("divergent", 2, [[0], [1]]) == (found.status, found.rows_beyond, found.first_beyond)


def test_rows_whose_tokens_a_side_does_not_show_count_against_parity() -> None:
    audit = concluded(saw_all(ledger(tokens=ROWS - 2), *BOTH))
    assert ("not_comparable", [("tokens", None)]) == (audit.verdict, counting(audit))
    assert "2 of 6 rows" in audit.headline


def test_a_side_that_has_no_tokens_to_show_does_not_count_and_one_that_hides_them_does() -> None:
    kept = saw_all(ledger(tokens=0), *BOTH)
    without = described(can=Abilities(tokens=False))
    assert [] == counting(concluded(kept, sides=Pair(described(), without)))
    assert {("text", None), ("tokens", None), ("input_ids", None)} == set(counting(concluded(kept)))


def test_padding_on_other_sides_is_equal_where_the_model_does_not_mind() -> None:
    kept = saw_all(ledger(), *BOTH)
    kept.feeds.add(Pair(padded("left"), padded("right")), [0, 1], [True, True])
    found = record(concluded(kept), "attention_mask")
    assert ("equal", 0) == (found.status, found.rows_beyond)
    assert "padded on the left and on the right; the model's output does not change" == found.reason


def test_padding_on_other_sides_is_divergent_where_the_own_pass_alone_diverges() -> None:
    kept = saw_all(saw_all(ledger(), OWN, off=0.1), GIVEN)
    kept.feeds.add(Pair(padded("left"), padded("right")), [0, 1], [True, True])
    audit = concluded(kept)
    assert audit.first_divergence is not None and "attention_mask" == audit.first_divergence.stage
    assert [[1]] == record(audit, "attention_mask").first_beyond


def test_padding_is_not_blamed_where_both_passes_diverge_alike() -> None:
    kept = saw_all(saw_all(ledger(), OWN, off=0.1), GIVEN, off=0.1)
    kept.feeds.add(Pair(padded("left"), padded("right")), [0, 1], [True, True])
    audit = concluded(kept)
    assert audit.first_divergence is not None and "embeddings" == audit.first_divergence.stage


def token_ledger(pieces: str, other: str, *, columns: int = 3) -> tuple[Ledgers, Pair[Description]]:
    """One row of a token classifier between two special tokens, the reference's pieces against the candidate's."""
    stages = [StageSeen("logits", ["row", "token", "class"])]
    side = described(stages=stages, task="token_classification")
    plan = plan_of(Pair(side, side))
    deciding = Deciding([], [1.0], plan, noise=None, confidence=0.95)
    kept = open_ledgers(FLOORS, deciding)
    sides = Pair(framed(pieces), framed(other))
    aligned = align_row(sides.reference, sides.candidate)
    kept.open_window(window([Example(0, pieces)], [sides]))
    batches = Pair(*(logits_of(side, columns) for side in sides))
    pairs = {"token": [None if aligned.equal else aligned.pairs]}
    kept.stages.add(Shown((FIRST.name,), batches, [0], pairs, decides=True), plan)
    return kept, Pair(side, side)


def framed(pieces: str) -> Encoding:
    inner = encoding(pieces)
    return inner._replace(
        input_ids=(1, *inner.input_ids, 2),
        pieces=("[CLS]", *inner.pieces, "[SEP]"),
        offsets=(None, *inner.offsets, None),
        segments=(None, *inner.segments, None),
        special=(True, *inner.special, True),
        untruncated=len(pieces) + 2,
    )


def logits_of(row: Encoding, columns: int) -> Batch:
    """Logits that follow from the ids, so that the same token is decided the same way."""
    ids = np.array([row.input_ids])
    logits = np.cos(ids[:, :, None] * np.arange(1, columns + 1)).astype(np.float32)
    return Batch(
        {
            "real": StageTensor("real", ("row", "token"), np.ones(ids.shape, np.uint8), "uint8"),
            "logits": StageTensor("logits", ("row", "token", "class"), logits, "float32"),
        },
        0.0,
        None,
    )


def test_special_tokens_decide_nothing() -> None:
    kept, sides = token_ledger("abcd", "abcd")
    audit = concluded(kept, sides=sides)
    assert audit.decisions is not None
    assert ("token", 4, 1, 0) == (
        audit.decisions.unit,
        audit.decisions.examples,
        audit.decisions.rows,
        audit.decisions.rows_flipped,
    )
    assert 6 == record(audit, "logits").positions


def test_tokens_without_a_counterpart_are_decisions_that_nobody_compared() -> None:
    kept, sides = token_ledger("abcdef", "abc")
    audit = concluded(kept, sides=sides, policy=BUILT_IN["decisions"])
    (item,) = [item for item in audit.not_compared if item.stage == "label"]
    assert (
        "own",
        True,
        "3 tokens of the reference and 0 of the candidate, in 1 of 1 rows, have no counterpart",
    ) == (item.pass_, item.counts, item.reason)
    assert "not_comparable" == audit.verdict
    assert "label was not compared throughout: 3 tokens of the reference" in audit.headline


def test_tokens_without_a_counterpart_are_said_where_texts_are_decided_as_wholes() -> None:
    kept = ledger()
    sides = Pair(encoding("abcd"), encoding("abc"))
    kept.open_window(window([Example(ROWS, "abcd")], [sides]))
    said = [item for item in concluded(saw_all(kept, OWN)).not_compared if "no counterpart" in item.reason]
    assert [("tokens", False)] == [(item.stage, item.counts) for item in said]


def test_a_softmax_of_one_column_decides_nothing() -> None:
    kept, sides = token_ledger("abcd", "abcd", columns=1)
    audit = concluded(kept, sides=sides)
    assert audit.decisions is None
    assert {"logits"} == {one.stage for one in audit.stages if one.noise_floor is not None}
    assert "labels" not in audit.headline


def test_the_columns_of_a_regression_are_no_classes() -> None:
    logits = StageSeen("logits", ["row", "class"])
    values = described(stages=[logits], task="regression", model_class="A", labels=["x", "y"])
    outputs = described(stages=[logits], task="sequence_classification", scope="outputs")
    classes = described(stages=[logits], task="sequence_classification", model_class="A", labels=["x", "y"])
    for sides in (Pair(values, values), Pair(values, outputs), Pair(outputs, values)):
        plan = plan_of(sides)
        assert (None, ()) == (plan.task, plan.not_compared)
    plan = plan_of(Pair(classes, values))
    assert plan.task is None
    reason = "one side is a regression, the other decides between classes"
    assert [("probabilities", reason, True)] == [
        (item.stage, item.reason, item.counts) for item in plan.not_compared
    ]


def test_stages_that_a_policy_names_and_nobody_has_are_said() -> None:
    policy = msgspec.structs.replace(
        FAITHFUL, ignore=["layer.O", "embeddings"], stages={"layer.9": 1.0, "tokens": 1.0, "layer.0": 1e-3}
    )
    said = {finding.stage: finding for finding in concluded(saw_all(ledger(), *BOTH), policy=policy).findings}
    assert {"layer.O", "layer.9", "tokens"} == set(said)
    assert {"notice"} == {finding.severity for finding in said.values()}
    assert (
        "The policy ignores 'layer.O', which is not a stage of this comparison: this has no effect. Did you mean 'layer.0'?"
        == said["layer.O"].sentence
    )
    assert "sets a limit for 'tokens', which is not measured by its distance" in said["tokens"].sentence


def test_a_pattern_of_a_policy_that_fits_a_stage_is_not_said_to_have_no_effect() -> None:
    policy = msgspec.structs.replace(FAITHFUL, ignore=["emb*"], stages={"layer.*": 1e-3, "x*": 1.0})
    drawn = concluded(saw_all(ledger(), *BOTH), policy=policy).findings
    assert ["x*"] == [finding.stage for finding in drawn]


def test_an_excluded_stage_is_marked_and_what_lacks_of_it_does_not_count() -> None:
    pooled = StageSeen("pooled", ["row", "hidden"])
    sides = Pair(described(), described(stages=[*described().stages, pooled]))
    kept = saw_all(ledger(), *BOTH)
    audit = concluded(kept, sides=sides)
    assert ("not_comparable", 1) == (audit.verdict, audit.exit_code)
    policy = msgspec.structs.replace(FAITHFUL, ignore=["pooled", "layer.0"], ignore_option=["pooled"])
    audit = concluded(kept, sides=sides, policy=policy)
    assert ("parity", 0) == (audit.verdict, audit.exit_code)
    assert "pooled (not compared) was excluded by --ignore." in audit.headline
    assert "layer.0 was excluded by the policy faithful." in audit.headline
    (item,) = audit.not_compared
    assert (False, "Only the candidate has pooled; excluded by --ignore") == (item.counts, item.reason)
    assert {"layer.0"} == {one.stage for one in audit.stages if one.ignored}


def test_a_mask_whose_effect_stays_within_a_limit_is_not_said_to_have_none() -> None:
    policy = msgspec.structs.replace(FAITHFUL, stages={"*": 1e-2})
    floors = Floors(Pair({}, {}), policy, exact=True)
    kept = saw_all(ledger(floors=floors), OWN, off=1e-4)
    saw_all(kept, GIVEN)
    kept.feeds.add(Pair(padded("left"), padded("right")), [0, 1], [True, True])
    audit = concluded(kept, policy=policy, floors=floors)
    assert ("equivalent", 0) == (audit.verdict, audit.exit_code)
    mask = record(audit, "attention_mask")
    assert ("equal", True) == (mask.status, "what follows stays within its limits" in mask.reason)
    (finding,) = [one for one in audit.findings if one.cause == "batch.padding_side"]
    assert "and what follows stays within the limits that were set" in finding.sentence
    assert "output does not change" not in str(audit)


def test_a_batch_size_that_one_side_imposes_on_both_is_said() -> None:
    one = described(max_rows=1)
    for sides, who in (
        (Pair(described(), one), "candidate"),
        (Pair(one, described(max_rows=8)), "reference"),
    ):
        (finding,) = concluded(saw_all(ledger(), *BOTH), sides=sides).findings
        assert "notice" == finding.severity
        assert f"Both sides ran at batch size 1, because the {who} takes no more" in finding.sentence
    for sides in (Pair(one, one), Pair(described(), described(max_rows=64))):
        assert [] == concluded(saw_all(ledger(), *BOTH), sides=sides).findings


def test_nan_beside_a_divergence_is_said_to_be_not_compared() -> None:
    kept = saw_all(ledger(), *BOTH, off=0.5)
    plan = plan_of(Pair(described(), described()))._replace(stages=("layer.0",))
    nothing = ones(plan, np.nan)
    kept.stages.add(Shown(BOTH, Pair(nothing, nothing), range(ROWS), None, decides=True), plan)
    audit = concluded(kept)
    assert "divergent" == record(audit, "layer.0").status
    assert [("layer.0", OWN), ("layer.0", GIVEN)] == counting(audit)


def test_nothing_measured_is_not_comparable() -> None:
    audit = concluded(ledger())
    assert ("not_comparable", 1) == (audit.verdict, audit.exit_code)
    assert audit.headline.startswith("Nothing was compared")


def test_a_stage_of_one_side_alone_counts_unless_the_other_holds_outputs_only() -> None:
    logits = StageSeen("logits", ["row", "class"])
    outputs = described(stages=[logits], scope="outputs")
    plan = plan_of(Pair(described(stages=[*described().stages, logits]), outputs))
    assert {("embeddings", False), ("layer.0", False)} == {(i.stage, i.counts) for i in plan.not_compared}


@pytest.mark.parametrize(
    ("stages", "said"),
    [
        (["logits"], "holds outputs only"),
        (["logits", "output.tags"], "holds outputs only"),
        (["module.encoder", "logits"], "shows its outputs and top modules only"),
    ],
)
def test_what_a_side_without_layers_shows_is_said(stages: list[str], said: str) -> None:
    seen = [StageSeen(name, ["row", "other"]) for name in stages]
    plan = plan_of(Pair(described(), described(stages=seen, scope="outputs")))
    reasons = {item.stage: item.reason for item in plan.not_compared}
    assert f"The candidate {said}" == reasons["layer.0"]


def test_logits_count_even_where_a_side_holds_outputs_only() -> None:
    logits = StageSeen("logits", ["row", "class"])
    outputs = described(stages=[StageSeen("output.tags", ["row", "other"])], scope="outputs")
    plan = plan_of(Pair(described(stages=[logits]), outputs))
    assert (
        NotCompared(stage="logits", reason="Only the reference has logits", side="reference")
        in plan.not_compared
    )


def test_rows_with_an_unknown_token_on_one_side_are_counted_for_that_side() -> None:
    kept = open_ledgers(FLOORS, None, Pair("?", "?"))
    rows = [("abc", "ab?"), ("ab?", "ab?"), ("?bc", "abc"), ("ab?d", "abc?")]
    sides = [Pair(encoding(pieces), encoding(other)) for pieces, other in rows]
    kept.open_window(window([Example(row, pieces) for row, (pieces, _) in enumerate(rows)], sides))
    assert Pair(1, 1) == kept.tokens.unknown


def test_the_classes_that_each_side_gives_at_all_are_counted() -> None:
    kept, _ = token_ledger("abcdef", "aaaaaa")
    logits = logits_of(encoding("abcdef"), 3).stages["logits"].values[0]
    assert kept.decisions is not None
    assert Pair(len(set(logits.argmax(axis=1).tolist())), 1) == kept.decisions.answers
    assert len(set(logits.argmax(axis=1).tolist())) > 1
