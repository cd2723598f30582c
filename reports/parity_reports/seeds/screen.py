"""The first screen of a seed report: the verdict, and four answers: inside seed noise or not, how big, where from, what next."""

from __future__ import annotations

from parity.records.arm_statistics import ArmRecord, MetricRecord
from parity.records.comparison_statistics import DifferenceRecord
from parity.records.metric_form import MetricForm
from parity.records.seed_audit import ReasonRecord, SeedAudit
from parity_reports.pages import Answer, FirstScreen
from parity_reports.seeds.origin import answer_origin, excess_sentence, two_armed
from parity_reports.seeds.reasons import needed_sentence, reason_sentence
from parity_reports.seeds.without import nothing_decided
from parity_reports.text import units, wording

__all__ = ["build_seed_screen"]

_MARKS = {
    "stable": ("✓", "ok", "Stable"),
    "equivalent": ("≈", "ok", "Equivalent"),
    "unstable": ("✕", "bad", "Unstable"),
    "different": ("✕", "bad", "Different"),
    "inconclusive": ("?", "warn", "Inconclusive"),
}


def build_seed_screen(audit: SeedAudit) -> FirstScreen:
    """The first screen of a seed audit."""
    mark, tone, word = _MARKS[audit.verdict]
    if audit.inside_margin:
        mark, tone, word = "≈", "ok", "Different, but inside the margin"
    headline, rest = _split(audit.headline, word)
    preventing = tuple(finding.sentence for finding in audit.findings if finding.severity == "bars")
    return FirstScreen(
        mark=mark,
        tone=tone,
        word=word,
        headline=headline,
        lead=f"{word}.",
        rest=rest,
        notes=preventing[:3] + ((_more(len(preventing) - 3),) if len(preventing) > 3 else ()),
        answers=(
            _inside(audit),
            _size(audit),
            answer_origin(audit),
            _next(audit),
        ),
        rule=_rule(audit),
    )


def _more(count: int) -> str:
    return f"{wording.plural(count, 'more finding')} {'prevents' if count == 1 else 'prevent'} a conclusion."


def _split(headline: str, word: str) -> tuple[str, str]:
    """The record's headline without the verdict's word: its first sentence, and the rest."""
    text = headline.strip()
    if text.lower().startswith(f"{word.lower()}."):
        text = text[len(word) + 1 :].strip()
    first, stop, rest = text.partition(". ")
    return f"{first}{stop.strip()}" or word, rest


def _rule(audit: SeedAudit) -> str:
    margins = audit.margins
    metric = f"Allowed: a change of {units.form_of(audit).title} by {units.limit(units.form_of(audit), margins.metric)}"
    counted = wording.plural(len(audit.runs), "run")
    churn = (
        "; nothing is decided, and churn is not judged"
        if nothing_decided(audit)
        else f" and churn of {wording.share(margins.churn)}"
    )
    return (
        f"{metric}{churn}, at α = {margins.alpha:g}; {counted} on "
        f"{wording.plural(audit.inputs.count, 'example')}; exit code {audit.exit_code}."
    )


def _inside(audit: SeedAudit) -> Answer:
    two = two_armed(audit)
    question = "Is the difference inside seed noise?" if two else "Is the spread inside the limits?"
    answer = {
        "stable": "Yes",
        "equivalent": "Shown to be inside the margin",
        "unstable": "No",
        "different": "No, it is larger than seeds explain",
        "inconclusive": "Not known yet",
    }[audit.verdict]
    if audit.inside_margin:
        answer = "No, but it is inside the margin"
    phrase = " ".join(reason_sentence(reason, units.form_of(audit)) for reason in _deciding(audit))
    return Answer(question, answer, phrase or audit.headline, "needed", "All checks")


def _deciding(audit: SeedAudit) -> list[ReasonRecord]:
    """The reasons behind the verdict: those that speak against it being better, or all where nothing does."""
    reasons = audit.reasons
    if audit.verdict == "different":
        return [
            reason for reason in reasons if reason.about in ("difference", "permutation") and reason.holds
        ]
    failing = [
        reason
        for reason in reasons
        if not reason.holds and not (reason.about in ("difference", "permutation"))
    ]
    if audit.verdict == "unstable":
        # A lower bound beyond its limit is what says so; the upper one is beyond as well.
        strong = [reason for reason in failing if reason.about in ("failed_runs", "new_run_low", "churn_low")]
        return strong or failing
    return (failing or reasons)[:3]


def _size(audit: SeedAudit) -> Answer:
    question = "How big is it?"
    primary = units.form_of(audit)
    if two_armed(audit):
        return _difference_size(question, primary, audit)
    arm = audit.arms[0]
    metric = arm.metrics.get(audit.margins.primary)
    churn = _churn_sentence(arm)
    if metric is not None and metric.spread.sd is not None:
        return Answer(
            question,
            f"SD {units.size(primary, metric.spread.sd)}",
            f"{_spread_sentence(primary, metric)} {churn}".strip(),
            "metrics",
            "Metrics over runs",
        )
    if arm.churn is not None:
        title = f"{wording.share(arm.churn.estimate.value)} of decisions"
        return Answer(question, title, churn, "agreement", "Agreement")
    if metric is not None:
        phrase = f"The {primary.title} of one run is {units.value(primary, metric.spread.mean)}; one run has no spread."
        return Answer(question, "Not measured", phrase, "metrics", "Metrics")
    phrase = "No two runs that share no seed are kept." if arm.runs > 1 else "No two runs are kept."
    return Answer(question, "Not measured", phrase, "integrity", "Status of the runs")


def _spread_sentence(primary: MetricForm, metric: MetricRecord) -> str:
    spread = metric.spread
    known = [value for value in spread.values if value is not None]
    reach = (
        f" Runs lie from {units.short(primary, min(known))} to {units.value(primary, max(known))}."
        if known
        else ""
    )
    return f"{wording.share(spread.confidence)} interval of the SD {units.interval(primary, spread.sd_interval)}.{reach}"


def _churn_sentence(arm: ArmRecord) -> str:
    if arm.churn is None:
        return ""
    return f"Two runs decide {wording.share(arm.churn.estimate.value)} of {arm.churn.of} differently."


def _difference_size(question: str, primary: MetricForm, audit: SeedAudit) -> Answer:
    found = audit.baseline.differences.get(audit.margins.primary) if audit.baseline is not None else None
    if found is not None:
        phrase = f"{_difference_sentence(primary, found)} {_beside_sd(primary, audit)}".strip()
        return Answer(question, units.change(primary, found.estimate.value), phrase, "baseline", "The arms")
    excess = audit.baseline.excess_churn if audit.baseline is not None else None
    if excess is not None:
        return Answer(
            question,
            f"{wording.share(excess.estimate.value)} excess churn",
            excess_sentence(excess),
            "baseline",
            "The arms",
        )
    phrase = "The arms could not be compared: too few of their runs are kept."
    return Answer(question, "Not measured", phrase, "integrity", "Status of the runs")


def _difference_sentence(primary: MetricForm, found: DifferenceRecord) -> str:
    interval = found.estimate.interval
    where = (
        "No interval: an arm has fewer than two runs."
        if interval is None
        else f"{wording.share(found.estimate.confidence)} interval {units.interval(primary, interval, signed=True)}."
    )
    return f"{units.value(primary, found.candidate)} against {units.value(primary, found.baseline)}. {where}"


def _beside_sd(primary: MetricForm, audit: SeedAudit) -> str:
    arm = next((arm for arm in audit.arms if arm.arm == "baseline"), None)
    metric = None if arm is None else arm.metrics.get(audit.margins.primary)
    if metric is None or metric.spread.sd is None:
        return ""
    return f"The SD over the baseline's seeds is {units.size(primary, metric.spread.sd)}."


def _next(audit: SeedAudit) -> Answer:
    question = "What next?"
    kinds = {finding.kind for finding in audit.findings}
    if "seed_without_effect" in kinds:
        phrase = (
            "A seed that changes nothing makes the spread too small: connect it, or vary only the others."
        )
        return Answer(question, "Connect the seed that has no effect", phrase, "integrity", "Findings")
    if "in_both_arms" in kinds:
        phrase = "A run must belong to one arm: trained with its recipe, and listed once."
        return Answer(question, "Give each arm runs of its own", phrase, "integrity", "Findings")
    if "lost_run" in kinds:
        phrase = "Finished runs are kept and not trained again."
        return Answer(question, "Fix the lost runs and run again", phrase, "integrity", "Findings")
    if "failed_run" in kinds:
        phrase = "A recipe that fails at some seeds should not be shipped; a lower learning rate or a longer warm-up often helps."
        return Answer(question, "Look at the failed runs", phrase, "integrity", "Findings")
    if audit.verdict == "inconclusive":
        return _settle(question, audit)
    steps = {
        "stable": ("Any run may be reported", "Keep this record; run it again when recipe or data change."),
        "unstable": (
            "Report mean and spread",
            "One run says little about this recipe: report all of them, and compare recipes over several runs each.",
        ),
        "equivalent": ("Either can be used", "Keep this record; run it again when recipe or data change."),
        "different": (
            "Decide by the difference",
            "The recipe causes it, not a lucky seed. Check its sign and the slices.",
        ),
    }
    title, phrase = steps[audit.verdict]
    if audit.verdict == "different" and not any(
        reason.about == "difference" and reason.holds for reason in audit.reasons
    ):
        title = "Look at the decisions that differ"
        phrase = "The metric is not shown to differ; the decisions are, by more than another seed would change them."
    return Answer(question, title, phrase, "again", "Command")


_NOT_MEASURED = {
    "metric_not_measured": "Give inputs with labels that are classes",
    "labels_not_classes": "Use the names of the classes as labels",
    "labels_too_few": "Give more examples with a label",
    "slices_not_measured": "Give labels in every slice",
}


def _settle(question: str, audit: SeedAudit) -> Answer:
    """What would settle an inconclusive audit: what was requested and not measured first, then runs."""
    needed, each = audit.runs_needed, " an arm" if two_armed(audit) else ""
    sentence = needed_sentence(needed, arms=two_armed(audit))
    found = next((item for item in audit.findings if item.kind in _NOT_MEASURED), None)
    if found is not None:
        title = _NOT_MEASURED[found.kind]
        if found.kind == "metric_not_measured" and "finite" in found.sentence:
            title = "Look at the run whose metric is not finite"
        return Answer(question, title, f"{found.sentence} {sentence}", "integrity", "Findings")
    if needed.kind == "every_seed":
        title = "Share no seed"
    elif needed.runs is None:
        title = "Widen the margin or add examples"
    elif needed.lacking is not None:
        title = f"Add {wording.plural(max(1, needed.lacking), 'run')}{each}"
    else:
        title = f"Run {wording.count(needed.runs)}{each}"
    return Answer(question, title, sentence, "needed", "Runs needed")
