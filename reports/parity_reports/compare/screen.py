"""The first screen: the verdict in a sentence, and four answers: where, why, whether it matters, what next."""

from __future__ import annotations

from dataclasses import dataclass

from parity.records.audit import Audit
from parity.records.decisions import Decisions
from parity.records.finding import Finding
from parity.records.passes_shown import passes_shown
from parity.records.stage import StageRecord
from parity.stages import INPUT_STAGES, stage_title
from parity_reports.compare.older_records import next_step, standing_of, suspected, title_of, unused_step
from parity_reports.compare.predictions import decision_noun, decision_sentence, flips_total, has_copies
from parity_reports.text import wording

__all__ = ["Answer", "FirstScreen", "build_first_screen", "main_finding"]

_LONGEST = 120  # characters of a notice, in a box that is read in seconds

_MARKS = {
    "parity": ("✓", "ok", "Parity"),
    "equivalent": ("≈", "ok", "Equivalent"),
    "divergent": ("✕", "bad", "Divergent"),
    "inconclusive": ("?", "warn", "Inconclusive"),
    "not_comparable": ("?", "warn", "Not comparable"),
}
_STEPS = {
    "text": ("Prepare the text alike", "Normalise the text the way the reference does."),
    "tokens": ("Give both one tokenizer", "Load the reference's tokenizer in the candidate."),
    "input_ids": ("Give both one vocabulary", "Load the reference's tokenizer in the candidate."),
    "token_type_ids": (
        "Feed the same token types",
        "Feed the candidate the token type ids that the reference feeds.",
    ),
    "attention_mask": (
        "Feed the same mask",
        "Feed the candidate the attention mask that the reference feeds.",
    ),
    "position_ids": ("Count positions alike", "Feed the candidate the position ids that the reference uses."),
    "logits": (
        "Compare the heads",
        "Look at the weights of the head, the class order and what is fed to it.",
    ),
    "probabilities": ("Compare the last step", "Look at the temperature, and at softmax against sigmoid."),
    "label": ("Compare the classes", "Look at the names of the classes and their order."),
}


@dataclass(frozen=True)
class Answer:
    """One of the four boxes; `target` is the section that says more."""

    question: str
    answer: str
    detail: str
    target: str
    link: str


@dataclass(frozen=True)
class FirstScreen:
    """What is read in ten seconds."""

    mark: str
    tone: str
    word: str
    headline: str
    notes: tuple[str, ...]
    answers: tuple[Answer, ...]
    rule: str


def build_first_screen(audit: Audit) -> FirstScreen:
    """The first screen of an audit."""
    mark, tone, word = _MARKS[audit.verdict]
    notes: list[str] = []
    if audit.inputs.built_in:
        notes.append("Asked with parity's built-in probe texts, not with data of your own.")
    if "outputs" in (audit.reference.scope, audit.candidate.scope):
        notes.append(
            "At least one side was seen at its outputs only: nothing is said about the stages inside."
        )
    policy = f"Policy {audit.policy.name}, {wording.plural(audit.inputs.count, 'example')} from {audit.inputs.source}"
    accepted = audit.verdict == "inconclusive" and audit.exit_code == 0
    return FirstScreen(
        mark=mark,
        tone=tone,
        word=word,
        headline=audit.headline
        if audit.headline.lower().startswith(word.lower())
        else f"{word}. {audit.headline}",
        notes=tuple(notes),
        answers=(_where(audit), _why(audit), _matter(audit.decisions), _next(audit)),
        rule=f"{policy}; exit code {audit.exit_code}{' (--allow-inconclusive)' if accepted else ''}.",
    )


def main_finding(audit: Audit) -> Finding | None:
    """The finding that explains most: the first one, or, in records without that order, the first that is divergent."""
    divergent = (finding for finding in audit.findings if finding.severity == "divergent")
    return next(divergent, audit.findings[0] if audit.findings else None)


def _where(audit: Audit) -> Answer:
    question, first = "Where does it start?", audit.first_divergence
    if first is None:
        limited = _limited(audit)
        unseen = sum(item.counts for item in audit.not_compared)
        if audit.verdict == "not_comparable":
            detail = (
                f"{wording.plural(unseen, 'part')} could not be compared."
                if unseen
                else "Nothing was compared."
            )
            return Answer(question, "It cannot be told", detail, "not-compared", "What could not be compared")
        if limited:
            start = limited[0]
            count = len({record.stage for record in limited})
            detail = f"{wording.limited(count)}. {_size(start)}"
            title = f"{stage_title(start.stage)}, within its limit"
            return Answer(question, wording.clip(title, 80), detail, "stages", "Stages")
        within = [record for record in audit.stages if record.status in ("equal", "within_noise")]
        seen = len({record.stage for record in within if not record.ignored})
        detail = f"{wording.plural(seen, 'stage')} compared, none beyond its noise."
        excluded = _excluded(audit)
        if excluded:
            detail += f" Excluded and different: {wording.said(excluded)}."
        return Answer(question, "Nowhere that counts" if excluded else "Nowhere", detail, "stages", "Stages")
    record = _record(audit)
    detail = _place_sentence(audit) + (f" {_size(record)}" if record else "")
    return Answer(question, wording.clip(stage_title(first.stage), 80), detail, "stages", "Stages")


def _limited(audit: Audit) -> list[StageRecord]:
    """The stages that rounding does not explain and that only a limit permits."""
    return [record for record in audit.stages if record.status == "within_limit" and not record.ignored]


def _excluded(audit: Audit) -> list[str]:
    """The stages that differ and do not count."""
    return list(
        dict.fromkeys(
            record.stage for record in audit.stages if record.ignored and record.status == "divergent"
        )
    )


def _record(audit: Audit) -> StageRecord | None:
    first = audit.first_divergence
    if first is None:
        return None
    return next(
        (item for item in audit.stages if (item.stage, item.pass_) == (first.stage, first.pass_)), None
    )


def _place_sentence(audit: Audit) -> str:
    first = audit.first_divergence
    assert first is not None
    sentence = passes_shown(audit).sentence(first.pass_)
    by = sentence[:1].upper() + sentence[1:]
    if first.stage in INPUT_STAGES:
        by = "In what is fed to the model"
    places = [f"example {first.example}"] if first.example is not None else []
    places += [f"token {first.token}"] if first.token is not None else []
    where = f", first seen at {', '.join(places)}" if places else ""
    hidden = ". Invisible in float32, seen in float64" if first.float64_only else ""
    return f"{by}{where}{hidden}."


def _size(record: StageRecord) -> str:
    if record.noise_floor is None and record.rows:
        return f"{wording.differing(record.rows_beyond, record.rows, 'row')}."
    if (
        record.reason.startswith(("invisible", "rounding explains it in float32"))
        and record.float64_relative_l2 is not None
    ):
        return f"{_capital(wording.float64(record))}."
    return f"{_capital(wording.relative(record))}; largest {wording.measured('difference', record.max_abs, record.max_abs_floor)}."


def _brief(sentence: str) -> str:
    """A sentence without the long list after its colon, which stands with the findings.

    >>> _brief("2 tensors are used by nothing: " + ", ".join(["encoder.layer.0.attention.self.query.weight"] * 3))
    '2 tensors are used by nothing.'
    """
    said, colon, _ = sentence.partition(": ")
    return f"{said}." if colon and len(sentence) > _LONGEST else sentence


def _why(audit: Audit) -> Answer:
    question, finding = "Why?", main_finding(audit)
    if audit.verdict == "parity":
        title = "No difference that counts" if _excluded(audit) else "No difference to explain"
        if finding is not None:
            noticed = f"Noticed: {_brief(finding.sentence)}"
            return Answer(question, title, noticed, "findings", "Findings")
        rest = "What else differs is rounding." if _excluded(audit) else "What differs is rounding."
        return Answer(question, title, rest, "noise", "How the noise was measured")
    counting = next((item for item in audit.not_compared if item.counts), None)
    if _without_divergence(audit) and counting is not None:
        return Answer(
            question, "Something was not compared", _capital(counting.reason), "not-compared", "All of it"
        )
    if (named := _named(audit)) is not None:
        standing = standing_of(named)
        said = f"{_capital(standing)}: {named.sentence}" if suspected(named) else named.sentence
        return Answer(question, wording.clip(title_of(named), 80), said, "findings", "Evidence")
    if finding is not None:
        return Answer(question, "Cause not established", finding.sentence, "findings", "Findings")
    return Answer(
        question,
        "Cause not established",
        "No finding explains it.",
        "compared",
        "What differs between the two",
    )


def _named(audit: Audit) -> Finding | None:
    """The main finding, if it names a cause and says why: one merely noticed does not."""
    finding = main_finding(audit)
    if finding is None or finding.cause is None:
        return None
    limited = audit.verdict in ("equivalent", "inconclusive") and suspected(finding)
    return finding if finding.severity == "divergent" or limited else None


def _without_divergence(audit: Audit) -> bool:
    return audit.first_divergence is None and not _limited(audit)


def _matter(decisions: Decisions | None) -> Answer:
    question = "Does it matter?"
    if decisions is None or decisions.examples == 0:
        return Answer(question, "Not known", decision_sentence(decisions), "predictions", "Predictions")
    noun = decision_noun(decisions)
    if decisions.undefined == decisions.examples:
        said = f"Of {wording.plural(decisions.examples, noun)} not one can be told: logits of a side are no numbers."
        return Answer(question, "Not known", said, "predictions", "Predictions")
    flips = flips_total(decisions)
    moved = max(decisions.temperatures, key=lambda item: item.max_abs_probability, default=None)
    detail = decision_sentence(decisions)
    if moved is not None:
        detail += f" The largest change of a probability is {wording.number(moved.max_abs_probability)}, at T = {moved.temperature:g}."
    if flips and decisions.flips_explained >= flips:
        detail += " Every flip lies within the noise."
    if decisions.undefined:
        detail += f" In {wording.count(decisions.undefined)} a side has no {noun}: its logits are no numbers."
    title = f"{wording.plural(flips, noun)} flip{'s' if flips == 1 else ''}" if flips else f"No {noun} flips"
    return Answer(question, title, detail, "predictions", "Predictions")


def _next(audit: Audit) -> Answer:
    question = "What next?"
    if audit.verdict == "parity":
        if step := unused_step(audit):
            return Answer(question, "Nothing to correct on these inputs", step, "findings", "Findings")
        return Answer(
            question,
            "Nothing to correct",
            "Keep this record; run it again when either side changes.",
            "again",
            "Command",
        )
    if audit.verdict == "equivalent":
        holds = (
            "the decisions hold" if audit.policy.flip_rate is not None else "the limits that were set hold"
        )
        step = f"The stages differ, and {holds} under this policy."
        return Answer(question, "Decide whether to accept", step, "limits", "Limits")
    if audit.verdict == "inconclusive":
        if audit.rows_needed is not None:
            distinct = " distinct" if has_copies(audit.decisions) else ""
            title = f"Give {wording.count(audit.rows_needed)}{distinct} rows or more"
            step = "These rows are too few to show a flip rate below the limit of the policy."
        else:
            title = "Decide which flip rate matters"
            step = "If rows go on to flip this often, no number of rows shows a rate below the limit of the policy."
        return Answer(question, title, step, "predictions", "Predictions")
    first = audit.first_divergence
    if first is None:
        step = "Make comparable what was not, or name it in a policy's ignore list, and run it again."
        return Answer(question, "Complete the comparison", step, "not-compared", "What is missing")
    if (named := _named(audit)) is not None:
        return Answer(question, "Undo it and run again", next_step(named, audit), "again", "Command")
    if first.float64_only:
        step = "A setting or a few weights differ by little: an epsilon, an activation, an edit. Rounding does not explain it."
        return Answer(question, "Look for a small setting", step, "compared", "What differs between the two")
    title, step = _STEPS.get(
        first.stage,
        (
            f"Compare {stage_title(first.stage)}",
            "Its input agrees and its output does not: look at its weights and settings.",
        ),
    )
    return Answer(
        question, title, f"{step} {_beyond_tokens(audit)}".strip(), "compared", "What differs between the two"
    )


def _beyond_tokens(audit: Audit) -> str:
    """Where the ids differ: whether the model does too, which the pass on the same ids shows."""
    first = audit.first_divergence
    assert first is not None
    passes = passes_shown(audit)
    inside = [
        record for record in audit.stages if passes.shared(record.pass_) and record.stage not in INPUT_STAGES
    ]
    if first.stage not in INPUT_STAGES or not inside:
        return ""
    parted = next((record for record in inside if record.status == "divergent"), None)
    if parted is not None:
        return f"On the same ids they still differ, from {parted.stage} on: there is more than one thing to correct."
    if all(record.status in ("equal", "within_noise") for record in inside):
        return "On the same ids the two agree everywhere, so this is all there is to correct."
    return ""


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
