"""What a seed audit does not show, listed in every report."""

from __future__ import annotations

from collections.abc import Iterator

from parity.records.seed_audit import SeedAudit, variance_of
from parity_reports.blocks import Points
from parity_reports.pages import Section
from parity_reports.seeds.without import nothing_decided, why_no_metric
from parity_reports.text import wording

__all__ = ["build_seed_limits"]


def build_seed_limits(audit: SeedAudit) -> Section:
    """The section: each limit a sentence."""
    title = "What this does not show"
    return Section("limits", title, title, "", (Points(tuple(_limits(audit))),))


def _limits(audit: SeedAudit) -> Iterator[str]:
    inputs = audit.inputs
    yield f"{wording.plural(inputs.count, 'example')} from one source. Behaviour that they do not exercise was not tested."
    few = min((arm.runs for arm in audit.arms), default=0)
    if few < 3:
        yield f"{wording.plural(few, 'run')}{' in an arm' if len(audit.arms) > 1 else ''}: spread and churn of a recipe need three or more."
    elif few < 10:
        yield f"{wording.plural(few, 'run')}{' an arm' if len(audit.arms) > 1 else ''}: intervals of an SD are wide, and those of a variance split wider."
    fixed = sorted({name for arm in audit.arms for name in arm.conditional_on})
    if fixed:
        yield f"{' and '.join(fixed)} never varied: the intervals are conditional on that, and do not cover runs with other seeds."
    alone = [arm for arm in audit.arms if arm.independent is not None and arm.independent < arm.runs]
    if alone:
        phrase = ", ".join(f"{arm.independent} of {arm.runs}" for arm in alone)
        yield f"Runs share seeds; {phrase} share none. The intervals rest on that, and two arms are compared over such runs."
    yield "The intervals hold for new runs of the same recipe on the same data: other data, another machine and other versions are not among the seeds."
    if any(arm.metrics for arm in audit.arms):
        yield "t intervals assume that a metric is close to normal over runs; a few failed runs are recognised, a recipe with two outcomes is not."
    elif any(arm.runs for arm in audit.arms):
        yield f"{why_no_metric(audit)}: which run is right is not known, and agreement is not accuracy."
    if inputs.labelled and inputs.labelled < inputs.count:
        missing = inputs.count - inputs.labelled
        also = "not" if nothing_decided(audit) else "for agreement, but not"
        yield f"{wording.plural(missing, 'example')} without a label count {also} for the metrics."
    if audit.counted == "tokens":
        yield "Perplexity is of the tokens that these runs' tokenizer makes: that of another tokenizer is another number."
    variance = variance_of(audit)
    if variance is None:
        yield "Initial weights, data order and dropout cannot be separated: that needs a grid of seeds."
    elif variance.logits is not None and variance.logits.interaction is None:
        yield "With one run a cell, the interaction of the two seeds cannot be separated from the rest."
    if len(audit.arms) > 1:
        yield "The margin must have been fixed before looking; a margin chosen afterwards proves nothing."
    if not audit.cka:
        yield "The runs' layers were not compared."
