"""The conclusion: from the measurements to the audit. No subject is run here any more, and nothing is decided elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from parity.align.changed_parameters import changed_parameters_note, unlike_parameters
from parity.align.changed_settings import changed_settings_note
from parity.align.exclusions import not_counting
from parity.align.generation_settings import changed_generation_note
from parity.align.tasks import other_task, requested_tasks, tasks_record
from parity.causes.evidence import Evidence, Feeds, InputsSeen, Lost, Outputs, TokensSeen, WordsSeen
from parity.causes.findings import findings, open_settings
from parity.measure.spans import AnswersSeen
from parity.pair_audit.comparison import Comparison
from parity.pair_audit.headline import float64_note
from parity.pair_audit.ledgers import Ledgers
from parity.pair_audit.symbol_stages import label_stage, refused, symbol_stages, unpaired
from parity.pair_audit.tensor_stages import float64_status, tensor_stages, without_float64
from parity.pair_audit.verdict import Judgement, first_divergence, reach_verdict
from parity.records.audit import Audit
from parity.records.decisions import Decisions
from parity.records.embeddings import Embeddings
from parity.records.exhibit import Exhibit
from parity.records.language import Language
from parity.records.pair import Pair
from parity.records.stage import FirstDivergence, Noise, NotCompared, StageRecord
from parity.records.stage_patterns import ignored_by
from parity.records.tokens import Tokens

__all__ = ["conclude"]


class _Judged(NamedTuple):
    """What was judged, from which the findings are drawn."""

    stages: list[StageRecord]
    not_compared: list[NotCompared]
    decisions: Decisions | None
    first: FirstDivergence | None
    tokens: Tokens


def conclude(comparison: Comparison) -> Audit:
    """Judge every stage, reach the verdict, draw the findings, and write it all down."""
    judged, sample = _judged(comparison), comparison.sample
    evidence = _evidence(comparison, judged)
    judgement = _verdict(comparison, judged, evidence)
    ledger = comparison.ledgers.language
    language = None if ledger is None else ledger.record(judged.decisions)
    status = float64_status(sample)
    return Audit(
        verdict=judgement.verdict,
        exit_code=judgement.exit_code,
        headline=judgement.headline,
        policy=comparison.policy,
        reference=comparison.records.reference,
        candidate=comparison.records.candidate,
        inputs=comparison.inputs,
        first_divergence=judged.first,
        stages=judged.stages,
        rows_needed=judgement.rows_needed,
        tokens=judged.tokens,
        decisions=judged.decisions,
        findings=findings(evidence),
        not_compared=judged.not_compared,
        noise=Noise(
            sample=sample.rows,
            method=sample.method,
            reference_float64=status.reference,
            candidate_float64=status.candidate,
            rows=sample.chosen.rows if sample.chosen is not None else [],
            drawn=sample.chosen.drawn if sample.chosen is not None else "",
        ),
        passes=list(comparison.passes),
        exhibits=[*comparison.after.exhibits, *_shown(comparison, evidence.embeddings, language)],
        tasks=tasks_record(comparison.described),
        embeddings=evidence.embeddings,
        targets=evidence.targets,
        generation=comparison.after.generation,
        layers=list(comparison.after.layers),
        origins=list(comparison.after.origins),
        lens=list(comparison.after.lens),
        parameters=comparison.parameters,
        pairing=comparison.pairing,
        language=language,
        provenance=msgspec.structs.replace(comparison.provenance, forwards=comparison.after.forwards),
        command=comparison.command,
    )


def _judged(comparison: Comparison) -> _Judged:
    policy, ledgers = comparison.policy, comparison.ledgers
    tensors, missing = tensor_stages(comparison)
    not_compared = [*comparison.plan.not_compared, *missing, *without_float64(comparison.sample, policy)]
    symbols, silent = symbol_stages(comparison, tensors)
    not_compared += [*silent, *unpaired(ledgers), *comparison.after.not_compared]
    not_compared += refused(ledgers, comparison.inputs)
    # A framework's error comes first: it is why the rest is missing.
    not_compared.sort(key=lambda item: item.reason not in ledgers.stages.failures)
    selections = ledgers.selections
    scores = selections.stage() if selections is not None else None
    tensors += [] if scores is None else [scores]
    not_compared += selections.not_compared() if selections is not None else []
    deciding = ledgers.decisions or ledgers.answers or selections
    decisions = deciding.record() if deciding is not None else None
    not_compared += ledgers.decisions.not_compared() if ledgers.decisions is not None else []
    if decisions is not None and ledgers.language is not None:
        metrics = [*decisions.metrics, *ledgers.language.metrics()]
        decided_by = decisions.decided_by or ledgers.language.sampled
        decisions = msgspec.structs.replace(decisions, metrics=metrics, decided_by=decided_by)
    not_compared += ledgers.answers.not_compared() if ledgers.answers is not None else []
    if decisions is not None and not decisions.examples:
        decisions = None
    stages = [*symbols, *tensors]
    if decisions is not None:
        stages.append(label_stage(decisions, _answers_seen(ledgers)))
    stages += comparison.after.stages
    stages = [
        msgspec.structs.replace(record, ignored=True)
        if ignored_by(record.stage, policy) is not None
        else record
        for record in stages
    ]
    return _Judged(
        stages,
        [not_counting(item, policy) for item in not_compared],
        decisions,
        first_divergence(stages, policy),
        _tokens(ledgers),
    )


def _verdict(comparison: Comparison, judged: _Judged, evidence: Evidence) -> Judgement:
    """The verdict, with the facts that its headline must mention."""
    policy, sample = comparison.policy, comparison.sample
    found = reach_verdict(judged.stages, judged.decisions, judged.not_compared, policy)
    notes: list[str | None] = []
    if found.verdict in {"parity", "equivalent"}:
        notes.append(_of_part(comparison))
        notes.append(_of_map(comparison))
        notes.append(float64_note(policy, float64_status(sample), kept_unlike=sample.kept_unlike))
    if found.verdict == "parity":
        notes.append(changed_parameters_note(unlike_parameters(comparison.described, comparison.parameters)))
        notes.append(changed_settings_note(open_settings(evidence)))
    if found.verdict in {"parity", "equivalent"}:
        notes.append(requested_tasks(comparison.described))
    if found.verdict == "not_comparable":
        notes.append(other_task(comparison.described))
    if found.verdict != "divergent" and comparison.after.generation is None:
        notes.append(changed_generation_note(comparison.described))
    for note in notes:
        if note:
            found = found._replace(headline=f"{found.headline.removesuffix('.')}; {note}.")
    return found


def _of_part(comparison: Comparison) -> str:
    """What of the logits was compared, where a side does not keep all of them."""
    part = comparison.plan.in_part
    return f"of {part} the largest and sums of all were compared, as a trace keeps them" if part else ""


def _of_map(comparison: Comparison) -> str:
    """How much a map pairs otherwise than it would have been."""
    count = 0 if comparison.pairing is None else len(comparison.pairing.overrides)
    words = "1 pair is the map's" if count == 1 else f"{count} pairs are the map's"
    return f"{words}, and not what is found without it" if count else ""


def _evidence(comparison: Comparison, judged: _Judged) -> Evidence:
    ledgers = comparison.ledgers
    relations = ledgers.stages.relations
    return Evidence(
        described=comparison.described,
        policy=comparison.policy,
        inputs=_inputs_seen(comparison),
        tokens=TokensSeen(
            judged.tokens, dict(ledgers.tokens.text_changes), ledgers.tokens.unknown, ledgers.tokens.cut
        ),
        feeds=Feeds(dict(zip(Pair._fields, ledgers.feeds.unmasked, strict=True))),
        stages=judged.stages,
        first=judged.first,
        decisions=judged.decisions,
        outputs=Outputs(
            comparison.plan.labels,
            relations.found(),
            relations.fits_as_it_stands,
            None if ledgers.decisions is None else ledgers.decisions.answers,
            WordsSeen() if ledgers.decisions is None else WordsSeen(*ledgers.decisions.words),
            _answers_seen(ledgers),
        ),
        lost=Lost(judged.not_compared, tuple(ledgers.stages.breakdowns.values())),
        after=comparison.after,
        parameters=comparison.parameters,
        upgrade=comparison.upgrade,
        embeddings=None if ledgers.embeddings is None else ledgers.embeddings.record(),
        targets=None if ledgers.targets is None else ledgers.targets.record(),
    )


def _shown(
    comparison: Comparison, embeddings: Embeddings | None, language: Language | None
) -> Iterator[Exhibit]:
    """What the comparison itself has to show."""
    ledger, targets = comparison.ledgers.embeddings, comparison.ledgers.targets
    if ledger is not None and embeddings is not None:
        yield from ledger.exhibits(embeddings)
    if comparison.ledgers.answers is not None:
        yield from comparison.ledgers.answers.exhibits()
    if targets is not None:
        yield from targets.exhibits()
    if comparison.ledgers.selections is not None:
        yield from comparison.ledgers.selections.exhibits()
    predicted = comparison.ledgers.language
    if predicted is not None and language is not None:
        yield from predicted.exhibits(language)


def _answers_seen(ledgers: Ledgers) -> AnswersSeen:
    return AnswersSeen() if ledgers.answers is None else ledgers.answers.seen()


def _inputs_seen(comparison: Comparison) -> InputsSeen:
    decisions = comparison.ledgers.decisions
    if decisions is None:
        return InputsSeen(comparison.inputs)
    return InputsSeen(
        comparison.inputs, tuple(decisions.unknown_names), decisions.numbered_labels, decisions.unscored
    )


def _tokens(ledgers: Ledgers) -> Tokens:
    tokens, feeds = ledgers.tokens, ledgers.feeds
    differences = dict(sorted(tokens.kinds.items()))
    if feeds.padded_unlike:
        differences["padding_side"] = min(feeds.padded)
    if feeds.mask.count:
        differences["attention_mask"] = feeds.mask.count
    if feeds.positions.count:
        differences["position_ids"] = feeds.positions.count
    return Tokens(
        rows=tokens.rows,
        rows_equal=tokens.rows_equal,
        differences=differences,
        examples=tokens.examples,
        padding_side=feeds.padding_sides,
        pairs_aligned=tokens.pairs_aligned,
    )
