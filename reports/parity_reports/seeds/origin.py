"""Where the spread or the difference of a seed audit comes from: seeds, flip noise, or other decisions."""

from __future__ import annotations

from parity.records.arm_statistics import ComponentRecord, MetricRecord
from parity.records.comparison_statistics import ExcessChurnRecord, SliceDifferenceRecord
from parity.records.seed_audit import SeedAudit, variance_of
from parity_reports.pages import Answer
from parity_reports.seeds.without import nothing_decided
from parity_reports.text import units, wording

__all__ = ["answer_origin", "excess_sentence", "two_armed"]

_SEEDS = {
    "init_seed": "Initial weights",
    "order_seed": "The order of the training rows",
    "dropout_seed": "Dropout",
}


def answer_origin(audit: SeedAudit) -> Answer:
    """The answer of the first screen."""
    question = "Where does it come from?"
    if two_armed(audit):
        return _arms_origin(question, audit)
    variance = variance_of(audit)
    if variance is not None and (split := variance.metric or variance.logits) is not None:
        named = [
            (_SEEDS.get(variance.first, variance.first), split.first),
            (_SEEDS.get(variance.second, variance.second), split.second),
            ("Their interaction", split.interaction),
            ("The rest", split.rest),
        ]
        shares = [(name, part) for name, part in named if part is not None and part.share is not None]
        if shares:
            first = max(shares, key=lambda pair: pair[1].share or 0.0)
            ranked = _ranked(first[1], [part for _, part in shares if part is not first[1]])
            whose = units.form_of(audit).title if variance.metric is not None else "the logits"
            listed = "; ".join(_share(name, part) for name, part in shares)
            apart = "Its interval lies above the others'." if ranked else "Their intervals overlap."
            title = f"Mostly {first[0][:1].lower()}{first[0][1:]}" if ranked else "Not ranked yet"
            phrase = f"Point shares of the variance of {whose}: {listed}. {apart}"
            return Answer(question, title, phrase, "variance", "Sources of variance")
    metric = audit.arms[0].metrics.get(audit.margins.primary)
    if metric is not None and metric.seed is not None:
        return _flip_noise(question, audit, metric)
    phrase = "Initial weights and order can be separated over a grid of both (--init-seeds, --order-seeds)."
    return Answer(question, "Unknown", phrase, "variance", "Sources of variance")


def _ranked(first: ComponentRecord, others: list[ComponentRecord]) -> bool:
    """Whether the largest is shown to be: its interval lies above every other."""
    if first.interval is None or first.interval.low is None:
        return False
    highs = [None if other.interval is None else other.interval.high for other in others]
    return all(high is not None and high < first.interval.low for high in highs)


def _share(name: str, part: ComponentRecord) -> str:
    return f"{name[:1].lower()}{name[1:]} {wording.share(part.share)}"


def _flip_noise(question: str, audit: SeedAudit, metric: MetricRecord) -> Answer:
    assert metric.seed is not None
    primary, seed = units.form_of(audit), metric.seed
    shown = seed.p is not None and seed.p <= audit.margins.alpha
    phrase = (
        f"Of the SD, {units.size(primary, seed.seed_sd)} comes from the seeds and {units.size(primary, seed.flip_sd)} from flips on "
        f"{wording.plural(metric.examples, 'example')} alone (p = {units.p_value(seed.p)}). Only a grid shows which seed."
    )
    title = "Seeds, more than flip noise" if shown else "Seeds, or a small test set"
    return Answer(question, title, phrase, "metrics", "Metrics over runs")


def _arms_origin(question: str, audit: SeedAudit) -> Answer:
    found = audit.baseline
    if found is None:
        return Answer(question, "Unknown", "The arms were not compared.", "baseline", "The arms")
    where = _differing_slices(found.slices)
    if found.excess_churn is None:
        why = nothing_decided(audit) or "Too few runs to compare decisions."
        return Answer(question, "Unknown", f"{why}{where}", "baseline", "The arms")
    excess = found.excess_churn
    tested = next((reason for reason in audit.reasons if reason.about == "permutation"), None)
    title = "Not shown to differ by more than seeds explain"
    level = audit.margins.alpha if tested is None or tested.limit is None else tested.limit
    if tested.holds if tested is not None else excess.p is not None and excess.p <= level:
        title = "Decisions differ by more than seeds explain"
    elif excess.least_p is not None and excess.least_p > level:
        title = "Too few runs to know"
        where = f" So few runs cannot give a p below {units.p_value(excess.least_p)}.{where}"
    return Answer(question, title, excess_sentence(excess) + where, "baseline", "The arms")


def _differing_slices(slices: list[SliceDifferenceRecord]) -> str:
    """Which slices are shown to differ: that none is says nothing of none."""
    if not slices:
        return ""
    differing = [item.slice for item in slices if item.differs]
    if differing:
        return f" By slices (Holm): {', '.join(differing[:3])}{' and others' if len(differing) > 3 else ''}."
    apart = [item.slice for item in slices if item.apart]
    if apart:
        listed = f"{', '.join(apart[:3])}{' and others' if len(apart) > 3 else ''}"
        return f" Slices that differ by themselves (Holm), though the arms are not shown to: {listed}."
    tested = any(item.p is not None for item in slices)
    return " No slice is shown to differ by itself." if tested else " No slice could be tested."


def excess_sentence(excess: ExcessChurnRecord) -> str:
    """Churn between the arms, within them, and the p of the permutation test."""
    within = " and ".join(wording.share(value) for value in excess.within)
    return f"Churn between the arms {wording.share(excess.between)}, within them {within}; p = {units.p_value(excess.p)}."


def two_armed(audit: SeedAudit) -> bool:
    """Whether there is a baseline."""
    return len(audit.arms) > 1
