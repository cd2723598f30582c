"""What must be known before the figures of a seed audit are read: sentences, with a mark on those that prevent a pass."""

from __future__ import annotations

from collections.abc import Sequence

from parity.records.seed_audit import SeedFinding
from parity.seed_audit.population.arms import ArmRuns, NamedFault
from parity.seed_audit.verdict.unmeasured import LabelsRead, Unmeasured
from parity.subjects.training import known_factors

__all__ = ["findings_of"]

_FAULTS = {
    "other_data": "{runs} was run on other data and is excluded from every mean.",
    "row_order": "{runs} has its rows in another order and is excluded from every mean.",
    "duplicate_run": "{runs} give the same outputs bit for bit: this is one run, which counts once.",
    "same_weights": "{runs} have the same weights and other outputs: two subjects of one training (another config, tokenizer, number "
    "format or option), and not two runs. The first counts.",
    "seed_without_effect": "{seeds} changed nothing: {runs} are equal bit for bit. A seed that is not connected changes nothing.",
    "repeat_differs": "The same seeds gave two results ({names}): there is noise that no seed explains.",
    "in_both_arms": "{runs} are equal bit for bit to runs of the other arm and are excluded from the means of both: one run shows "
    "nothing of two recipes.",
    "weights_in_both_arms": "{runs} have the weights of a run of the other arm: what differs between the arms there is not made by "
    "training.",
    "other_recipe": "{runs} did not follow the recipe of this audit and is excluded from every mean.",
    "classes_by_index": "{runs} did not name the classes: {detail}.",
}
_MOVED = "{runs} are equal bit for bit, though {factors} moved: a seed is not connected, or one run is named twice. It counts once."
_HIDDEN = "{seeds} changed nothing: {runs} {unmoved}. Their differences come from other seeds."
_RECORDED = "{seeds} changed nothing that {runs} recorded. Their differences come from something else."
# A notice about the labels is omitted where a finding that prevents a pass reports the same.
_KNOWN_BY = {
    "no_labels": {"metric_not_measured"},
    "strange_labels": {"labels_not_classes"},
    "some_labels": {"labels_too_few"},
}
_NOT_OF_CLASSES = (
    "Distances of probabilities, calibration and kappa are of classes, and are not measured here."
)
_NO_CHURN = (
    "Nothing is decided here: there is no churn, no agreement and no calibration, and of the variance only that of the metric is split. The "
    "metric is no mean over examples: its intervals are by the jackknife, and seed effect and flip noise are not told apart."
)
_DECIDED = {
    "choices": "An example is an input with its choices: two runs decide it alike where they choose the same one. Kappa and macro-F1 are of classes, "
    "and are not measured here; calibration only where all inputs have as many choices.",
    "words": "An example is a row of words: two runs decide it alike where the tags of all its words are the same. "
    + _NOT_OF_CLASSES,
    "answers": "An example is a question: two runs decide it alike where their answers are the same text. A run is known to have failed only "
    "by logits that are not finite. " + _NOT_OF_CLASSES,
    "tokens": "An example is a text: perplexity is the exponential of a mean over all tokens and no mean over texts, and churn is the share of "
    "tokens where two runs hold another one likeliest. Intervals are by the jackknife over texts, since tokens of one text are not independent; "
    "seed effect and flip noise are not told apart. " + _NOT_OF_CLASSES,
    "scores": "An example has a score, which is ranked among the others. " + _NO_CHURN,
    "vectors": "An example is a text with a vector, and a neighbour of other texts. " + _NO_CHURN,
}
_PREVENTS = {"other_recipe", "same_weights", "seed_without_effect", "other_data", "row_order", "in_both_arms"}


def findings_of(
    arms: Sequence[ArmRuns], labels: LabelsRead, unmeasured: Sequence[Unmeasured] = ()
) -> list[SeedFinding]:
    """What must be known before the figures are read, in the order of the arms; unmeasured: what was requested and not measured."""
    found: list[SeedFinding] = []
    for arm in arms:
        of_arm = f" of the {arm.arm}" if len(arms) > 1 else ""
        found += [_fault(fault, of_arm) for fault in arm.faults if not _said_before(fault, arm, arms)]
        found += _members(arm, of_arm)
        found += _counts(arm)
    found += [
        SeedFinding(kind=item.reason.about, sentence=item.sentence, runs=[], severity="bars")
        for item in unmeasured
    ]
    known = {item.reason.about for item in unmeasured}
    return (
        _decided(arms)
        + found
        + [item for item in _labels(labels) if item.kind not in _KNOWN_BY or not known & _KNOWN_BY[item.kind]]
        + _too_few(arms)
    )


def _decided(arms: Sequence[ArmRuns]) -> list[SeedFinding]:
    """How examples are decided, where that is not by one class each."""
    populations = [arm.population for arm in arms if arm.population is not None]
    counted = populations[0].counted if populations else "classes"
    if counted not in _DECIDED:
        return []
    return [SeedFinding(kind="decided_by", sentence=_DECIDED[counted], runs=[])]


def _said_before(fault: NamedFault, arm: ArmRuns, arms: Sequence[ArmRuns]) -> bool:
    """What is found in both arms is reported once."""
    return fault.kind in {"in_both_arms", "weights_in_both_arms"} and arm is not arms[0]


def _fault(fault: NamedFault, of_arm: str) -> SeedFinding:
    moved = fault.kind == "duplicate_run" and bool(fault.factors)
    sentence, unmoved = _FAULTS[fault.kind], _unmoved(fault)
    if moved:
        sentence = _MOVED
    elif fault.hidden:
        sentence = _HIDDEN if unmoved else _RECORDED
    factors = " and ".join(fault.factors)
    text = sentence.format(
        runs=_runs(fault.runs, of_arm),
        names=_listed(fault.runs) + of_arm,
        factors=factors,
        seeds=f"The seed{'s' if len(fault.factors) > 1 else ''} {factors}{of_arm}",
        detail=fault.detail,
        unmoved=unmoved,
    )
    text = text[0].upper() + text[1:]
    if fault.detail and "{detail}" not in sentence:
        text += f" {fault.detail}"
    return SeedFinding(
        kind=fault.kind,
        sentence=text,
        runs=list(fault.runs),
        severity="bars" if moved or fault.kind in _PREVENTS else "notice",
    )


def _unmoved(fault: NamedFault) -> str:
    """What runs have in common of which this seed changed nothing, as its adapter declares it."""
    known = known_factors()
    return known[fault.factors[0]].unmoved if fault.factors and fault.factors[0] in known else ""


def _members(arm: ArmRuns, of_arm: str) -> list[SeedFinding]:
    """Runs that failed or were lost, and those that are excluded for a reason other than a fault of their rows or seeds."""
    reported = {name for fault in arm.faults for name in fault.runs}
    found: list[SeedFinding] = []
    for member in arm.members:
        name = f"Run {member.requested.name}{of_arm}"
        if member.standing == "failed":
            kind, sentence = (
                "failed_run",
                f"{name} failed: {member.reason}. It is counted, and excluded from every mean.",
            )
        elif member.standing == "lost":
            kind, sentence = (
                "lost_run",
                f"{name} could not be made or run, and is excluded from every mean. {member.reason}",
            )
        elif member.missed and member.requested.name not in reported:
            kind, sentence = "left_out", f"{name} is excluded from every mean. {member.reason}"
        else:
            continue
        found.append(SeedFinding(kind=kind, sentence=sentence, runs=[member.requested.name], severity="bars"))
    return found


def _counts(arm: ArmRuns) -> list[SeedFinding]:
    found: list[SeedFinding] = []
    repeats = arm.check.repeats if arm.check is not None else None
    if repeats is not None:
        of = f"{repeats.bitwise} of {repeats.pairs} pairs of runs"
        sentence = f"The same seeds again gave the same bits in {of}."
        if repeats.bitwise < repeats.pairs:
            decided = (
                "" if repeats.churn is None else f"; {repeats.churn:.1%} of examples are decided differently"
            )
            what = "logits" if repeats.churn is not None else "outputs"
            sentence += (
                f" Elsewhere {what} differ by up to {repeats.max_abs:.1e}{decided}, which no seed explains."
            )
        found.append(SeedFinding(kind="repeats", sentence=sentence, runs=[]))
    kept = len(arm.kept)
    if kept < 3:
        who = "1 run" if kept == 1 else f"{kept} runs" if kept else "No run"
        sentence = f"{who} of the {arm.arm} can be averaged: the spread of runs needs three or more."
        found.append(SeedFinding(kind="few_runs", sentence=sentence, runs=[]))
    return found


def _labels(labels: LabelsRead) -> list[SeedFinding]:
    kind, sentence = "", ""
    of_all = "" if labels.counted in ("scores", "vectors") else ", churn is of all"
    if not labels.given:
        kind = "no_labels"
        sentence = "The inputs have no labels: churn and agreement are measured, metrics are not."
    elif labels.classes is None:
        kind, sentence = "no_labels", f"None of the {labels.given:,} labels is {labels.what}."
    elif labels.strange:
        kind = "strange_labels"
        sentence = (
            f"{len(labels.strange):,} of {labels.given:,} labels are not {labels.what} ({labels.strange[0]!r}, for one); metrics are of "
            "the other examples."
        )
    elif labels.counted == "tokens" and labels.given < len(labels.classes):
        kind = "some_labels"
        sentence = (
            f"{labels.given:,} of {len(labels.classes):,} texts have a token that is predicted, and metric and churn are of these. Of a masked "
            "language model at most 256 are masked, drawn with a fixed seed; a text that has a mask is not among them."
        )
    elif (
        labels.counted in ("classes", "words", "answers")
        and len(set(labels.classes[labels.classes >= 0].tolist())) == 1
    ):
        kind = "one_class"
        sentence = "All labels are of one class: a run that always predicts it is right, so accuracy cannot show a failed run."
    elif labels.given < len(labels.classes):
        kind = "some_labels"
        sentence = f"{labels.given:,} of {len(labels.classes):,} examples have a label: metrics are of these{of_all}."
    return [SeedFinding(kind=kind, sentence=sentence, runs=[])] if kind else []


def _too_few(arms: Sequence[ArmRuns]) -> list[SeedFinding]:
    """Examples too few for any accuracy to tell a run that learnt something from one that did not."""
    failed = [arm.failed for arm in arms if arm.failed is not None]
    found = next((item for item in failed if item.accuracy_limit is None and item.majority), None)
    if found is None or found.majority is None or found.majority == 1.0:
        return []
    sentence = (
        f"Too few examples have a label: no accuracy is surely above {found.of}'s {100 * found.majority:.1f} %: no failed run "
        "shows by its accuracy."
    )
    return [SeedFinding(kind="few_labels", sentence=sentence, runs=[])]


def _runs(names: Sequence[str], of_arm: str) -> str:
    return f"run{'s' if len(names) > 1 else ''} {_listed(names)}{of_arm}"


def _listed(names: Sequence[str]) -> str:
    shown = list(names[:4])
    more = f" and {len(names) - 4} more" if len(names) > 4 else ""
    return ", ".join(shown) + more
