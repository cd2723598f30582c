"""The comparison of a pair: opens both sides, runs, aligns, measures and judges them, and returns the audit.

The order is: describe, plan, noise sample, sweep, passes after it, judge. Everything that touches a framework happens behind the border
(`parity.border.runner`); everything that decides is pure (`parity.pair_audit.judge`, `parity.pair_audit.verdict`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from parity.align.answers import ANSWERS
from parity.align.exclusions import check_exclusions
from parity.align.pair_map import PairMap
from parity.align.plan import Plan
from parity.align.targets import one_vocabulary
from parity.align.texts import mask_piece, null_piece, unknown_piece
from parity.border.description import Description
from parity.errors import InputsDoNotFit
from parity.inputs.choose import Artifact, choose_inputs
from parity.inputs.inputs import Inputs
from parity.inputs.single_texts import single_texts
from parity.inputs.spec import InputsSpec
from parity.measure.noise import Floors
from parity.pair_audit.after import run_after
from parity.pair_audit.answer_ledger import AnswerLedger
from parity.pair_audit.assemble import conclude
from parity.pair_audit.comparison import Comparison
from parity.pair_audit.embedding_ledger import embedding_of, embeds_singly
from parity.pair_audit.ledgers import Ledgers, open_ledgers
from parity.pair_audit.mapped import Mapped
from parity.pair_audit.pass_runs import PassRuns
from parity.pair_audit.probability_ledger import Deciding
from parity.pair_audit.provenance import Clock
from parity.pair_audit.sample import NoiseSample, take_sample
from parity.pair_audit.sample_window import choose_rows, open_sample
from parity.pair_audit.selection_ledger import SelectionLedger
from parity.pair_audit.sweep import Sweep
from parity.pair_audit.target_ledger import TargetLedger
from parity.pair_audit.tensor_stages import tensor_stages
from parity.passes import masks_in_turn, passes_in
from parity.passes.after import AfterContext, AfterSettings
from parity.passes.context import Shared
from parity.records.audit import Audit
from parity.records.pair import Pair
from parity.records.policy import PolicyRecord
from parity.records.stage import NotCompared
from parity.session.fit import check_fit, fitted, rows_left_out
from parity.session.session import OpenRequest, Session, open_sessions
from parity.session.upgrade import run_as_library
from parity.session.window import Window, open_window
from parity.session.without_effect import check_in_part, check_temperatures, nothing_decided
from parity.subjects.adapter import find_adapter
from parity.subjects.progress import OnProgress, Progress
from parity.subjects.subject import Subject

__all__ = ["AfterSettings", "Request", "compare"]


class Request(NamedTuple):
    """What is requested: two subjects, which inputs, the policy, and how to run.

    `pairs` is the map that says what is paired, in the file `pairs_named` (None: what is found). `check` may refuse the pair once both have described themselves, before anything is run.
    """

    subjects: Pair[Subject]
    inputs: InputsSpec
    policy: PolicyRecord
    temperatures: Sequence[float] = (1.0,)
    sample: int = 32
    timeout: float = 600.0
    command: str = ""
    check: Callable[[Pair[Description], Inputs], None] | None = None
    after: AfterSettings = AfterSettings()
    pairs: PairMap | None = None
    pairs_named: str = ""


def compare(request: Request, progress: OnProgress) -> Audit:
    """Run the comparison; raises a ParityError when it cannot be run, and returns an audit in every other case."""
    clock = Clock()
    with ExitStack() as stack:
        adapters = Pair(*(find_adapter(subject) for subject in request.subjects))
        workdir = Path(stack.enter_context(TemporaryDirectory(prefix="parity-")))
        found = choose_inputs(request.inputs, [*map(Artifact, request.subjects, adapters)], workdir)
        names = Pair("reference", "candidate")
        opening = [
            OpenRequest(subject, adapter, name, timeout=request.timeout)
            for subject, adapter, name in zip(request.subjects, adapters, names, strict=True)
        ]
        sides = Pair(*open_sessions(opening, stack, progress))
        upgrade = run_as_library(sides, progress)
        inputs = _checked_inputs(found, request.inputs, sides)
        described = Pair(sides.reference.described, sides.candidate.described)
        singly = inputs.pairs == inputs.count and embeds_singly(described)
        inputs = single_texts(inputs) if singly else inputs
        if request.check is not None:
            request.check(described, inputs)
        mapped = Mapped.of(sides, request.pairs, request.pairs_named, words=inputs.words > 0)
        described, plan = mapped.described, mapped.plan(words=inputs.words > 0)
        check_temperatures(request.temperatures, described, decided=plan.task is not None)
        check_in_part(request.temperatures, plan)
        offered = (seen.name for side in described for seen in side.stages)
        check_exclusions(request.policy, (*offered, *(item.stage for item in plan.not_compared)))
        specs = Pair(*(str(subject) for subject in request.subjects))
        left_out = rows_left_out(specs, described, inputs, limited=request.inputs.limit is not None)
        texts = _texts_without_generation(described, request.after.generate)
        plan = plan._replace(not_compared=(*plan.not_compared, *left_out, *texts))
        cut, shared, done = _cut(described), Shared(), 0
        drawn, sample = _sample(sides, plan, request, inputs, shared, progress)
        precision = " and ".join(dict.fromkeys(side.dtype or "float32" for side in described))
        floors = Floors(sample.noise, request.policy, sample.exact, plan.known is not None, precision)
        unknown = Pair(*(unknown_piece(side.tokenizer) for side in described))
        embedding = embedding_of(
            described, plan, inputs.count, pairs=singly, confidence=request.policy.confidence
        )
        ledgers = open_ledgers(floors, _deciding(sides, plan, request, floors), unknown, embedding)
        if set(ANSWERS) <= set(plan.stages):
            null = Pair(*(null_piece(side.tokenizer) for side in described)) if inputs.unanswerable else None
            ledgers = ledgers._replace(answers=AnswerLedger(floors, request.policy.confidence, null))
        if all(side.can.target for side in described):
            ledgers = ledgers._replace(
                targets=TargetLedger(unknown, one_vocabulary=one_vocabulary(described))
            )
        if plan.selecting is not None:
            selections = SelectionLedger(described, plan, floors, request.policy.confidence)
            ledgers = ledgers._replace(selections=selections)
        runs = PassRuns(passes_in("sweep"), sides, plan)
        sweep = Sweep(sides, runs, ledgers, shared)

        def advance(count: int) -> None:
            nonlocal done
            done += count
            progress(Progress("comparing", done, inputs.count))

        if sample.rescued is not None:
            sweep.rescued(sample.rescued, plan if cut is None or cut > 0 else plan.outputs_only())
            done += len(sample.rescued.rows)
        for examples in () if sample.rescued is not None else inputs.windows(cut=cut):
            progress(Progress("reading tokens", done, inputs.count))
            here = plan if cut is None or examples[0].row < cut else plan.outputs_only()
            window = open_window(sides, examples)
            sweep.window(window, here, advance)
            if ledgers.stages.ended:
                break
            window.forget(sides)
        _or_nothing(ledgers)
        if ledgers.stages.ended:
            ledgers.stages.add_unasked(inputs.count - done, [one.name for one in runs.passes], plan)
        records = Pair(sides.reference.record(), sides.candidate.record())
        seen = Comparison(
            described=described,
            records=records,
            plan=plan,
            sample=sample,
            ledgers=ledgers,
            floors=floors,
            policy=request.policy,
            inputs=inputs.record(),
            passes=(*runs.records(), *sample.passes),
            upgrade=upgrade,
            provenance=clock.provenance(sweep.seconds),
            command=request.command,
        )
        alike = {one.name for one in runs.passes if one.feed == "shared"}
        judged = [one for one in tensor_stages(seen)[0] if one.pass_ in alike]
        # Before the passes after the sweep: the process of a side may end in one of them.
        parameters = mapped.parameters(sides, ledgers.stages.ended)
        settings = request.after._replace(temperatures=request.temperatures)
        after = run_after(
            AfterContext(
                sides,
                plan,
                inputs,
                drawn,
                floors,
                settings,
                ledgers,
                judged,
                shared.feed,
                known_pairs=mapped.known(parameters.pairing),
            ),
            ledgers.stages.ended,
        )
        records = Pair(sides.reference.record(), sides.candidate.record())
        pairing = mapped.record(sides, plan, parameters.pairing)
    if cut is not None and cut < inputs.count:
        plan = plan.held_until(cut)
    audit = conclude(
        seen._replace(
            records=records,
            plan=plan,
            passes=(*seen.passes, *after.passes),
            after=after.result,
            parameters=parameters.record,
            pairing=pairing,
            provenance=clock.provenance(sweep.seconds),
        )
    )
    silent = nothing_decided(request.temperatures)
    if (
        silent is not None
        and audit.decisions is None
        and plan.task is not None
        and not ledgers.stages.breakdowns
    ):
        raise silent
    return audit


def _texts_without_generation(described: Pair[Description], most: int | None) -> list[NotCompared]:
    """The texts that a side gives, and that are not compared unless generation is requested."""
    silent = [name for name, side in zip(Pair._fields, described, strict=True) if side.can.texts_only]
    if most or not silent:
        return []
    reason = f"the {' and the '.join(silent)} gives generated texts, which are compared with --generate N"
    return [NotCompared(stage="generated", reason=reason)]


def _or_nothing(ledgers: Ledgers) -> None:
    """Raise the failure because of which no stage was measured: then there is nothing else to report."""
    stages, refused = ledgers.stages, ledgers.tokens.refused
    if stages.empty and refused:
        raise InputsDoNotFit(
            f"None of the inputs can be run as the {refused[0].side}'s library does (row {refused[0].row}: {refused[0].reason}).",
            next_step="Add ?truncation=true to that side, or give shorter texts.",
        )
    if stages.empty and stages.breakdowns:
        raise next(iter(stages.breakdowns.values())).failure


def _checked_inputs(found: Inputs | None, spec: InputsSpec, sides: Pair[Session]) -> Inputs:
    """The inputs that were found, or the built-in probes, paired where a side reads nothing but pairs, by choice where one decides between choices; checked against both."""
    inputs = fitted(found, spec, [side.described for side in sides])
    recorded = any(side.described.recorded is not None for side in sides)
    for side in sides:
        check_fit(str(side.subject), side.described, inputs, beside_recorded=recorded)
        _check_count(side, inputs, spec.limit is not None)
    return inputs


def _check_count(side: Session, inputs: Inputs, limited: bool) -> None:
    """Rows found by their order alone must be as many on both sides, or a shift would not be noticed."""
    recorded = side.described.recorded
    if recorded is None or recorded.matched_by != "order" or limited or recorded.count == inputs.count:
        return
    raise InputsDoNotFit(
        f"{side.subject} holds {recorded.count:,} rows without ids, and {inputs.source} holds {inputs.count:,} inputs.",
        next_step="Give both the same rows, or ids to match them by; --limit takes the first ones of both.",
    )


def _cut(described: Pair[Description]) -> int | None:
    """The first row for which a trace holds outputs only; None where there is no such row."""
    held = [side.recorded.full_rows for side in described if side.recorded is not None]
    return min((rows for rows in held if rows is not None), default=None)


def _deciding(sides: Pair[Session], plan: Plan, request: Request, floors: Floors) -> Deciding | None:
    if plan.task is None:
        return None
    described = Pair(*(side.described for side in sides))
    return Deciding(
        described.reference.labels or described.candidate.labels or [],
        # The results at temperature 1 are judged whatever other temperatures are requested.
        tuple(dict.fromkeys((*request.temperatures, 1.0))),
        plan,
        noise=floors.of(plan.task.outputs[0]).max_abs,
        confidence=request.policy.confidence,
        mask=mask_piece(described.reference.tokenizer),
        decided=plan.task.decided if masks_in_turn(sides, plan) else "masks alone",
    )


def _sample(
    sides: Pair[Session],
    plan: Plan,
    request: Request,
    inputs: Inputs,
    shared: Shared,
    progress: OnProgress,
) -> tuple[Window, NoiseSample]:
    """Before the sweep: the floor must be known when examples and tokens over it are counted. With the window of the sampled rows."""
    chosen = choose_rows(sides, inputs.count, request.sample, _cut(Pair(*(side.described for side in sides))))
    done, of = 0, len(chosen.rows)

    def advance(count: int) -> None:
        nonlocal done
        done += count
        progress(Progress("measuring the noise floor", done, of))

    progress(Progress("measuring the noise floor", 0, of))
    opened = open_sample(sides, inputs, chosen)
    return opened.window, take_sample(sides, plan, opened, shared, advance)
