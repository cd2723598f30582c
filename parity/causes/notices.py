"""Findings about what was requested: the policy, the inputs, their labels."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from parity.align.batch_sizes import BatchSizes, batch_sizes_of
from parity.align.spelling import offered
from parity.causes.evidence import Evidence
from parity.causes.notice import notice
from parity.records.decisions import Decisions
from parity.records.finding import Finding
from parity.records.stage_patterns import matching, only_by_name
from parity.records.targets import Targets

__all__ = ["inputs_findings", "policy_findings", "rows_at_once_findings"]


def policy_findings(evidence: Evidence) -> Iterator[Finding]:
    """Stages that the policy names and that this comparison does not have: a misspelt one is neither excluded nor permitted more."""
    policy = evidence.policy
    measured = {record.stage for record in evidence.stages if record.noise_floor is not None}
    # A part that was not run, and float64, are meant by their own name alone.
    exact = {item.stage for item in evidence.lost.not_compared if only_by_name(item)}
    missing = {item.stage for item in evidence.lost.not_compared} - exact
    every = {record.stage for record in evidence.stages}
    for what, names, known in (
        ("ignores", policy.ignore, every | missing),
        ("sets a limit for", policy.stages, measured | missing),
    ):
        for name in names:
            if name in exact or any(matching(stage, [name]) is not None for stage in known):
                continue
            unmeasured = any(matching(stage, [name]) is not None for stage in every)
            why = "is not measured by its distance" if unmeasured else "is not a stage of this comparison"
            near = difflib.get_close_matches(name, sorted(known - {name}), n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            yield notice(
                name,
                f"The policy {what} {name!r}, which {why}: this has no effect.{hint}",
                {"policy": policy.name},
                could_hide=True,
            )


def rows_at_once_findings(evidence: Evidence) -> Iterator[Finding]:
    """How many rows each side was given at a time, where these are not the same; and a limit of one side that held for both."""
    sizes = batch_sizes_of(evidence.described)
    if len(set(sizes.of)) > 1:
        yield notice(
            "input_ids",
            f"The reference ran {_at_a_time(sizes.of.reference)}, the candidate {_at_a_time(sizes.of.candidate)}: what a batch "
            "changes is part of what was compared.",
            sizes.of._asdict(),
        )
        return
    limits = {name: side.max_rows for name, side in evidence.sides}
    known = {name: rows for name, rows in limits.items() if rows is not None}
    least = min(known, key=known.__getitem__, default=None)
    if least is None or any(sizes.of) or known[least] >= BatchSizes().most or len(set(limits.values())) == 1:
        return
    yield notice(
        "input_ids",
        f"Both sides ran at batch size {known[least]}, because the {least} takes no more: what a larger batch changes "
        "in the other side was not seen.",
        {**limits},
        could_hide=True,
    )


def _at_a_time(rows: int | None) -> str:
    return "batches that parity chose" if rows is None else f"{rows:,} row{'s' * (rows > 1)} at a time"


def inputs_findings(evidence: Evidence) -> Iterator[Finding]:
    if evidence.inputs.record.built_in:
        yield notice(
            "text",
            "No inputs were given: the built-in probe texts were used, which are not real data.",
            could_hide=True,
        )
    if evidence.targets is not None:
        yield from _targets(evidence.targets)
    if evidence.decisions is not None:
        yield from _labels(evidence, evidence.decisions)


def _targets(targets: Targets) -> Iterator[Finding]:
    """Where the targets came from, where they are not those of the inputs."""
    if not targets.written:
        return
    rows = targets.given + targets.written
    who = "The inputs have" if targets.written == rows else f"{targets.written} of {rows} inputs have"
    how = ", given to the candidate as a text since the vocabularies differ" if targets.as_text else ""
    yield notice(
        "decoder_input_ids",
        f"{who} no target: both decoders were given the reference's own greedy output, of {targets.least} to {targets.most} tokens{how}. "
        "--target-column names a column of targets.",
        {"written": targets.written, "least": targets.least, "most": targets.most},
    )


def _strange(evidence: Evidence) -> str:
    """The labels that are not a class: all of them where they are few."""
    names = evidence.inputs.unknown
    if len(names) < 2:
        return f"the first {names[0]!r}"
    more = " and more" if len(names) > 8 else ""
    return f"the first {names[0]!r}, in all {', '.join(map(repr, names[:8]))}{more}"


def _labels(evidence: Evidence, decisions: Decisions) -> Iterator[Finding]:
    """How the labels of the inputs were used."""
    classes = decisions.classes
    if evidence.inputs.record.labelled and evidence.inputs.unscored:
        yield notice(
            "label",
            f"{evidence.inputs.record.labelled} of the inputs have a label, and no metric is computed from them: {evidence.inputs.unscored}.",
            {"inputs": evidence.inputs.record.labelled},
            could_hide=True,
        )
    if evidence.inputs.numbered:
        named = f": 0 is {classes[0]!r}, and so on" if classes else ", as the classes have no names"
        yield notice(
            "label",
            f"Labels of the inputs that are whole numbers: {evidence.inputs.numbered}; each was read as the index "
            f"of its class{named}.",
            {"inputs": evidence.inputs.numbered},
        )
    if decisions.unknown_labels:
        count = decisions.unknown_labels
        names = ", ".join(repr(name) for name in classes[:8]) + (", …" if len(classes) > 8 else "")
        known = f"the classes are {names}" if classes else "the classes have no names, only numbers from 0"
        yield notice(
            "label",
            f"Labels of the inputs that are not a class: {count}, {_strange(evidence)} ({known}): "
            f"the metrics exclude them. Name the label's column with --label-column.{offered(evidence.inputs.unknown, classes)}",
            {"inputs": count},
            could_hide=True,
        )
