"""Agreement: how often runs decide alike, which pairs do not, how far their probabilities lie, and on which examples."""

from __future__ import annotations

from collections.abc import Iterator

from parity.records.arm_statistics import AgreementRecord, ArmRecord, ChurnRecord, EstimateRecord
from parity.records.seed_audit import SeedAudit
from parity_reports.blocks import Block, Column, Facts, Figure, Row, Table
from parity_reports.figures.drawings import Matrix
from parity_reports.pages import Section
from parity_reports.seeds.run_names import kept_runs, order_by_factors, share_seeds, short_names
from parity_reports.seeds.without import nothing_decided
from parity_reports.text import units, wording

__all__ = ["build_agreement"]

_MOST_IN_MATRIX = 120
_BLOCKS = "Runs with the same seeds are side by side: a block that is lighter than the rest shows a seed that makes runs similar."


def build_agreement(audit: SeedAudit, most_contested: int) -> Section:
    """The section, with at most so many contested examples."""
    compared = any(arm.churn is not None for arm in audit.arms)
    what = "tokens" if audit.counted == "tokens" else "examples"
    lede = nothing_decided(audit) or (
        f"Runs with equal accuracy can still decide {what} differently. Churn is the share of {what} that two runs decide "
        "differently; kappa is agreement beyond chance, and falls when one class dominates."
        if compared
        else f"No two runs{_sharing(audit)} are kept: whether runs agree is not known."
    )
    return Section(
        anchor="agreement",
        title="Do the runs agree?",
        short="Agreement",
        lede=lede,
        blocks=tuple(_blocks(audit, most_contested)),
    )


def _sharing(audit: SeedAudit) -> str:
    return " that share no seed" if any(arm.runs > 1 for arm in audit.arms) else ""


def _blocks(audit: SeedAudit, most_contested: int) -> Iterator[Block]:
    several = len(audit.arms) > 1
    for arm in audit.arms:
        whose = f" of the {arm.arm}" if several else ""
        of = "examples" if arm.churn is None else arm.churn.of
        rows = (*_of_churn(arm.churn), *_of_agreement(arm.agreement, of))
        if rows:
            yield Facts(f"Agreement{whose}", rows, heading=f"Agreement{whose}" if several else "", brief=True)
        if arm.churn is not None:
            yield Figure(
                f"Churn matrix{whose}",
                _BLOCKS if share_seeds(kept_runs(audit, arm.arm)) else "",
                _matrix(audit, arm, arm.churn, whose),
            )
        if arm.distances:
            yield _distances(arm, whose)
    yield from _contested(audit, most_contested)


def _of_churn(churn: ChurnRecord | None) -> tuple[tuple[str, str], ...]:
    if churn is None:
        return ()
    rows = [
        (
            f"Mean churn, over {churn.over}",
            _with_interval(churn.estimate),
        ),
        ("Lowest and highest of a pair", f"{wording.share(churn.least)} and {wording.share(churn.most)}"),
    ]
    if churn.kinds is not None:
        kinds = churn.kinds
        phrase = f"{wording.share(kinds.win)} wrong to right, {wording.share(kinds.loss)} right to wrong, {wording.share(kinds.neutral)} wrong to another wrong"
        rows.append(("Of labelled examples, from one run to another", phrase))
    return tuple(rows)


def _of_agreement(agreement: AgreementRecord | None, of: str) -> tuple[tuple[str, str], ...]:
    if agreement is None:
        return ()
    kappa = (
        "not measured: decisions are not of a few classes"
        if agreement.chance is None
        else "undefined: every vote is for one class"
        if agreement.kappa is None
        else _with_interval(agreement.kappa, as_share=False)
    )
    rows = [
        ("Pairs of runs that agree", wording.share(agreement.raw)),
        ("Agreement expected by chance", wording.share(agreement.chance)),
        ("Fleiss' kappa", kappa),
        (f"{of.capitalize()} on which all runs agree", _unanimous(agreement)),
        (
            "Mean entropy of the votes",
            f"{wording.number(agreement.entropy)} bits (at most {wording.number(agreement.entropy_limit)})",
        ),
    ]
    if agreement.accuracy_unanimous is not None or agreement.accuracy_contested is not None:
        phrase = (
            f"{wording.share(agreement.accuracy_unanimous)} and {wording.share(agreement.accuracy_contested)}"
        )
        rows.append(("Votes that are right where all agree, and elsewhere", phrase))
    return tuple(rows)


def _unanimous(agreement: AgreementRecord) -> str:
    found = agreement.unanimous_interval
    ends = (
        "no interval: those of one text are not independent" if found is None else units.share_interval(found)
    )
    return f"{wording.share(agreement.unanimous)} ({ends})"


def _with_interval(found: EstimateRecord, *, as_share: bool = True) -> str:
    value = wording.share(found.value) if as_share else units.similarity(found.value)
    if found.interval is None:
        return f"{value} (no interval: too few runs)"
    ends = (
        units.share_interval(found.interval)
        if as_share
        else f"{units.similarity(found.interval.low)} to {units.similarity(found.interval.high)}"
    )
    return f"{value} ({wording.share(found.confidence)} interval {ends})"


def _matrix(audit: SeedAudit, arm: ArmRecord, churn: ChurnRecord, whose: str) -> Matrix:
    runs = kept_runs(audit, arm.arm)
    count = len(churn.matrix)
    if len(runs) == count:
        order, names = order_by_factors(runs), short_names(runs)
    else:
        order, names = list(range(count)), tuple(str(index + 1) for index in range(count))
    order = order[:_MOST_IN_MATRIX]
    return Matrix(
        f"Decisions that differ between two runs{whose}, %",
        tuple(names[index] for index in order),
        tuple(tuple(churn.matrix[row][column] for column in order) for row in order),
    )


def _distances(arm: ArmRecord, whose: str) -> Table:
    heads = [
        head
        for name, unit in (("JS", ", nats"), ("TV", ""), ("KL", ", nats"))
        for head in (f"{name} mean{unit}", "its interval", f"{name} most")
    ]
    rows = tuple(
        Row(
            (
                f"{item.temperature:g}",
                *(
                    phrase
                    for mean, most in (
                        (item.js, item.js_most),
                        (item.tv, item.tv_most),
                        (item.kl, item.kl_most),
                    )
                    for phrase in (
                        wording.number(mean.value),
                        units.between(mean.interval, wording.number),
                        wording.number(most),
                    )
                ),
            )
        )
        for item in arm.distances
    )
    return Table(
        f"Distances of probabilities{whose}",
        (Column("T"), *(Column(head, "number") for head in heads)),
        rows,
        heading=f"Probabilities of two runs{whose}, at each temperature",
        note="Most: of the pair of runs furthest apart. A dash is infinite: a class has no probability on one side.",
    )


def _contested(audit: SeedAudit, most: int) -> Iterator[Block]:
    total = audit.arms[0].agreement.contested_total if audit.arms[0].agreement is not None else 0
    shown = audit.contested[:most]
    if not shown:
        return
    yield Table(
        "Most contested examples",
        (
            Column("Row"),
            Column("Text", "prose"),
            Column("Label"),
            Column("Votes"),
            Column("Entropy, bits", "number"),
        ),
        tuple(
            Row(
                (
                    f"{item.row} ({item.id})" if item.id else f"{item.row}",
                    wording.clip(item.text),
                    item.label or wording.NOTHING,
                    ", ".join(
                        f"{count} {wording.clip(name or wording.NOTHING, 80)}" for name, count in item.votes
                    ),
                    wording.number(item.entropy),
                )
            )
            for item in shown
        ),
        heading=f"Most contested of {wording.plural(total, 'example')} on which runs disagree",
        left_out=len(audit.contested) - len(shown),
    )
