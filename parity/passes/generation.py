"""The texts that both sides generate, each by its own settings: equal, different by noise, by the settings, or by the models."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from parity.align.generation_settings import changed_generation
from parity.align.plan import Plan
from parity.border.description import Description
from parity.passes.after import AfterContext, AfterSettings
from parity.passes.batched_texts import batch_of
from parity.passes.distributions import distributions, distributions_exhibit
from parity.passes.own import OWN
from parity.passes.text_runs import TextRuns, Texts, Way
from parity.passes.texts_again import NOT_REQUESTED
from parity.records.after import AfterResult
from parity.records.exhibit import Cell, Exhibit, ExhibitColumn
from parity.records.generation import Generation, SameSettings, SettingPair, StepDistributions
from parity.records.pair import Pair
from parity.records.passes import FeedKind, Phase
from parity.records.places import Place, Status
from parity.records.stage import NotCompared, StageRecord
from parity.session.session import Session

__all__ = ["GENERATION"]

_SHOWN = 32
_BATCH = 8  # prompts together where the sides pad on other sides and none says how many


@dataclass(frozen=True)
class _Generation:
    name: str = "generation"
    title: str = "generated"
    sentence: str = "each side generates by its own settings"
    note: str = (
        "greedy or beam search on the sampled rows, without sampling; a row at a time, or in a side's batch"
    )
    condition: str = ""
    phase: Phase = "after"
    feed: FeedKind = "own"
    stage: str = "generated"

    def possible(self, sides: Pair[Session], plan: Plan, settings: AfterSettings) -> str:
        """Whether it was requested; a side that cannot generate is found when it is run, since that counts."""
        return "" if settings.generate else NOT_REQUESTED

    def run(self, context: AfterContext) -> AfterResult:
        """Generate on both sides, and compare."""
        described = Pair(*(side.described for side in context.sides))
        lacking = [name for name, side in zip(Pair._fields, described, strict=True) if not side.can.generate]
        if lacking:
            who = (
                "neither side generates texts"
                if len(lacking) == 2
                else f"the {lacking[0]} generates no texts"
            )
            return AfterResult(reason=who, not_compared=(NotCompared(stage=self.stage, reason=who),))
        most = context.settings.generate
        runs = TextRuns(context.sides, context.window.numbers, most)
        methods = [_method(side) for side in described]
        ways = _ways(described)
        texts = runs.texts(context.rows, ways)
        settings = changed_generation(described)
        same: SameSettings | None = None
        if texts.differences and settings:
            changes = {item.key: item.reference for item in settings}
            again = runs.texts(texts.rows, Pair(ways.reference, ways.candidate._replace(settings=changes)))
            same = SameSettings(
                equal=len(again.rows) - len(again.differences),
                explained_by_noise=sum(bool(item.explained_by_noise) for item in again.differences),
            )
        sampling = any(side.generation.get("do_sample") for side in described)
        drawn = sampling and not any(side.can.texts_only for side in described)
        generation = Generation(
            rows=len(texts.rows),
            equal=len(texts.rows) - len(texts.differences),
            settings=[
                SettingPair(key=one.key, reference=one.reference, candidate=one.candidate) for one in settings
            ],
            first_differences=texts.differences,
            new_tokens=most,
            method=" and ".join(dict.fromkeys(methods)),
            same_settings=same,
            distributions=distributions(runs, texts, described) if drawn else None,
            batch={name: way.batch for name, way in zip(Pair._fields, ways, strict=True)},
        )
        found = generation.distributions
        drawn_from = () if found is None or not found.first else (distributions_exhibit(found, self.name),)
        return AfterResult(
            rows=len(texts.rows),
            stages=(_stage(self, generation, texts),),
            not_compared=(
                *_failed(self.stage, texts),
                *_drawn(self.stage, described, sampling=sampling),
                *_not_drawn(self.stage, found),
            ),
            exhibits=(_exhibit(self, generation, texts), *drawn_from),
            generation=generation,
        )


def _ways(described: Pair[Description]) -> Pair[Way]:
    """Each side's prompts alone, or in the batch that its user gives; where the sides pad on other sides that is to be seen as well.

    A side that gives texts alone is called as its user calls it: a prompt at a time unless a batch was given.
    """
    known = {side.tokenizer.get("padding_side") for side in described} - {None}
    unlike = len(known) > 1 and not any(side.can.texts_only for side in described)
    return Pair(*(Way(batch=batch_of(side, _BATCH if unlike else 1)) for side in described))


def _method(side: Description) -> str:
    return "beam search" if (side.generation.get("num_beams") or 1) > 1 else "greedy"


def _stage(one: _Generation, generation: Generation, texts: Texts) -> StageRecord:
    drawn = generation.distributions
    beyond = sorted({*generation.unexplained, *(drawn.rows_beyond if drawn is not None else ())})
    status: Status = "divergent" if beyond else "within_noise" if texts.differences else "equal"
    return StageRecord(
        stage=one.stage,
        pass_=OWN.name,
        status=status if texts.rows else "not_comparable",
        relative_l2=None,
        max_abs=Place(value=None, at=None),
        noise_floor=None,
        times_floor=None,
        float64_relative_l2=None,
        compared=sum(len(pair.reference.ids) for pair in texts.pairs),
        rows=len(texts.rows),
        rows_beyond=len(beyond),
        first_beyond=[[row] for row in beyond[:8]],
        reason=_reason(generation) if beyond or texts.differences else "",
    )


def _reason(generation: Generation) -> str:
    """What the texts differ in, in words, before the number of rows."""
    parts: list[str] = []
    differing = generation.first_differences
    if differing:
        parts.append("other texts are generated")
        noise = sum(bool(item.explained_by_noise) for item in differing)
        if noise:
            parts.append(f"noise explains {noise} of {len(differing)}")
    same = generation.same_settings
    if same is not None:
        parts.append(f"with the reference's settings {_agreeing(same, generation.rows)}")
    drawn: StepDistributions | None = generation.distributions
    if drawn is not None and drawn.beyond:
        first = f", first at token {drawn.first[0].step} of row {drawn.first[0].row}" if drawn.first else ""
        parts.append(
            f"what is drawn from differs at {drawn.beyond} of {drawn.steps} steps{first}, by a total variation of up to {drawn.largest:.1e}"
        )
    return "; ".join(parts)


def _not_drawn(stage: str, found: StepDistributions | None) -> tuple[NotCompared, ...]:
    """What is drawn from where it could not be compared."""
    if found is None or not found.reason:
        return ()
    return (NotCompared(stage=stage, reason=found.reason),)


def _agreeing(same: SameSettings, rows: int) -> str:
    if same.equal == rows:
        return "all are equal"
    noise = f", and noise explains {same.explained_by_noise} more" if same.explained_by_noise else ""
    return f"{same.equal} of {rows} are equal{noise}"


def _failed(stage: str, texts: Texts) -> tuple[NotCompared, ...]:
    if not texts.failed:
        return ()
    row, reason = next(iter(texts.failed.items()))
    rows = len(texts.failed)
    more = f" (and {rows - 1} more)" if rows > 1 else ""
    return (NotCompared(stage=stage, reason=f"nothing was generated for row {row}{more}: {reason}"),)


def _drawn(stage: str, described: Pair[Description], *, sampling: bool) -> tuple[NotCompared, ...]:
    """What a side that samples would draw from, which a side that gives texts alone does not show."""
    silent = [name for name, side in zip(Pair._fields, described, strict=True) if side.can.texts_only]
    if not sampling or not silent:
        return ()
    reason = (
        f"a side samples (do_sample), and the {' and the '.join(silent)} shows no scores: what would be drawn from is not "
        "compared, and the texts are those without sampling"
    )
    return (NotCompared(stage=stage, reason=reason),)


def _together(generation: Generation) -> str:
    """How many prompts each side was given together, where a side was given several."""
    if max(generation.batch.values(), default=1) == 1:
        return ""
    return ", prompts together: " + ", ".join(
        f"{count} by the {side}" for side, count in generation.batch.items()
    )


def _exhibit(one: _Generation, generation: Generation, texts: Texts) -> Exhibit:
    differences = {item.row: item for item in generation.first_differences}
    order = sorted(range(len(texts.rows)), key=lambda place: texts.rows[place] not in differences)
    rows: list[list[Cell]] = []
    for place in order[:_SHOWN]:
        row, pair = texts.rows[place], texts.pairs[place]
        item = differences.get(row)
        where: list[Cell] = ["equal", None, ""]
        if item is not None:
            known: Mapping[bool | None, str] = {True: "noise", False: "", None: "not known"}
            tokens = "the same tokens" if item.explained_by_noise is False else "the texts"
            at = tokens if item.position is None else f"token {item.position}"
            where = [at, item.margin, known[item.explained_by_noise]]
        rows.append([row, *where, pair.reference.text, pair.candidate.text])
    return Exhibit(
        title="Generated texts",
        kind="text_pair",
        columns=[
            ExhibitColumn(name="row", kind="number"),
            ExhibitColumn(name="first difference"),
            ExhibitColumn(name="margin", kind="number"),
            ExhibitColumn(name="explained by"),
            ExhibitColumn(name="reference", kind="data"),
            ExhibitColumn(name="candidate", kind="data"),
        ],
        rows=rows,
        of=one.name,
        note=f"Up to {generation.new_tokens} new tokens, by {generation.method}{_together(generation)}. The margin is by how much the reference scores its own token "
        "above the candidate's where the two first differ; the tokens are counted from 0.",
        left_out=len(texts.rows) - len(rows),
    )


GENERATION = _Generation()
