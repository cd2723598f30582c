"""How the parameters of the two compare: a section with a table of those that differ, and a line for a terminal where some do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from parity.records.audit import Audit
from parity.records.pairing import StagePairing
from parity.records.parameters import Parameters
from parity_reports.blocks import Block, Column, Points, Prose, Row, Table
from parity_reports.pages import Section
from parity_reports.text import wording

__all__ = ["build_parameters", "parameter_lines"]

_TITLE = "Are the parameters the same?"
_NAMED = 40
_PARTS = "fused:"
_LINES = 3


def build_parameters(audit: Audit, most: int) -> Section | None:
    """The section, with at most so many rows; None where the record does not say."""
    seen = audit.parameters
    if seen is None:
        return None
    return Section("parameters", _TITLE, "Parameters", "", (*_blocks(seen, most), *_pairs(audit.pairing)))


def parameter_lines(audit: Audit) -> tuple[str, ...]:
    """What a map overrides; how many parameters differ, and how, and what was not examined, and nothing of them where all are equal."""
    return (*_map_lines(audit), *_parameter_lines(audit.parameters))


def _map_lines(audit: Audit) -> tuple[str, ...]:
    """What a map pairs otherwise."""
    seen = audit.pairing
    if seen is None or not seen.overrides:
        return ()
    more = f"; and {len(seen.overrides) - _LINES} more" if len(seen.overrides) > _LINES else ""
    return (f"the map {seen.map} overrides: {'; '.join(seen.overrides[:_LINES])}{more}",)


def _parameter_lines(seen: Parameters | None) -> tuple[str, ...]:
    if seen is None or not seen.compared or not (seen.differing or seen.reason):
        return ()
    parts = [f"parameters: {_equal(seen)}"]
    if seen.differing:
        relations = Counter(one.relation for one in seen.differing)
        parts.append(", ".join(f"{count} {relation}" for relation, count in relations.most_common()))
        parts.append(f"the first is {_first(seen)}")
    if seen.reason:
        parts.append(f"not examined: {seen.reason}")
    return ("; ".join(parts),)


def _equal(seen: Parameters) -> str:
    return f"{seen.equal:,} of {seen.compared:,} hold the same bytes"


def _first(seen: Parameters) -> str:
    """The first that does not only stand otherwise, by the candidate's name, and by the reference's where the two are a part of one another."""
    one = next((one for one in seen.differing if not one.relation.startswith(_PARTS)), seen.differing[0])
    parts = {
        other.reference if whole else other.candidate
        for whole in (0, 1)
        for other in seen.differing
        if other.relation.startswith(_PARTS)
    }
    beside = one.candidate in parts or one.reference in parts
    return (
        f"{one.candidate} ({one.reference}: {one.detail})"
        if beside and one.reference != one.candidate
        else one.candidate
    )


def _blocks(seen: Parameters, most: int) -> Iterator[Block]:
    told: list[str] = []
    if seen.compared:
        told.append(
            f"{wording.plural(seen.compared, 'parameter')} of both sides were compared by digest: {_equal(seen)}."
        )
        told.append(f"Paired by {', '.join(f'{by} ({count:,})' for by, count in seen.paired_by.items())}.")
    if seen.reason:
        told.append(f"{'Not examined' if seen.compared else 'Not compared'}: {seen.reason}.")
    yield Prose(" ".join(told))
    if seen.differing:
        yield _table(seen, most)
    for side, names in (("reference", seen.only_reference), ("candidate", seen.only_candidate)):
        if names:
            shown = Table(
                f"Only in the {side}",
                (Column("parameter", "data"),),
                tuple(Row((name,)) for name in names[:_NAMED]),
                heading=f"Without a counterpart, in the {side}",
                left_out=max(0, len(names) - _NAMED),
                collapsed=True,
            )
            yield shown
    if seen.tied:
        yield Points(
            tuple(wording.capital(f"{one}.") for one in seen.tied[:_NAMED]),
            heading="One tensor on one side alone",
        )


def _pairs(seen: StagePairing | None) -> Iterator[Block]:
    """Which stage is which, and what a map changed of it."""
    if seen is None:
        return
    if seen.overrides:
        yield Points(
            tuple(wording.capital(f"{one}.") for one in seen.overrides[:_NAMED]),
            heading=f"What the map {seen.map} pairs otherwise",
        )
    if seen.stages:
        yield Table(
            "Stages that are one another's",
            (
                Column("Reference", "data", "ref"),
                Column("Candidate", "data", "cand"),
                Column("Paired by", "prose"),
            ),
            tuple(
                Row(
                    (
                        one.reference,
                        one.candidate if one.candidate != one.reference else "the same name",
                        one.by,
                    )
                )
                for one in seen.stages
            ),
            heading="Which stage is which",
            collapsed=True,
        )


def _table(seen: Parameters, most: int) -> Table:
    """Every pair that differs, with how it is related and why the two are one another's."""
    rows = tuple(
        Row(
            (
                one.reference,
                one.candidate if one.candidate != one.reference else "the same name",
                one.relation,
                wording.number(one.relative_l2),
                one.detail,
                one.by,
            )
        )
        for one in seen.differing[:most]
    )
    return Table(
        "Parameters that differ",
        (
            Column("Reference", "data", "ref"),
            Column("Candidate", "data", "cand"),
            Column("Relation"),
            Column("Relative L2", "number"),
            Column("How much, and where", "prose"),
            Column("Paired by"),
        ),
        rows,
        heading="Those that differ",
        left_out=max(0, len(seen.differing) - most),
        collapsed=True,
    )
