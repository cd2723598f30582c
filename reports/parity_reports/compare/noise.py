"""Policy and noise: what is required, and how the rounding was measured that it is held against."""

from __future__ import annotations

from parity.records.audit import Audit
from parity_reports.blocks import Facts
from parity_reports.pages import Section
from parity_reports.text import wording

__all__ = ["build_noise"]


def build_noise(audit: Audit) -> Section:
    """The section."""
    return Section(
        "noise",
        "Policy and noise",
        "Policy and noise",
        "What the policy requires, and how the rounding error was measured.",
        (Facts("Policy", _policy(audit)), Facts("Noise floor", _noise(audit), heading="Noise floor")),
    )


def _policy(audit: Audit) -> tuple[tuple[str, str], ...]:
    policy = audit.policy
    rows = [
        ("Policy", policy.name),
        ("A stage may differ by", f"{policy.floor_factor:g} times its noise floor"),
        ("Differences that only float64 shows", "count" if policy.check_float64 else "do not count"),
    ]
    if policy.check_float64:
        rows.append(
            ("Relative L2 in float64 that always counts as rounding", wording.number(policy.float64_limit, 0))
        )
    if policy.flip_rate is not None:
        rows.append(("Allowed flip rate, as an upper bound", wording.share(policy.flip_rate)))
    if policy.probability is not None:
        rows.append(("Allowed change of a probability", wording.number(policy.probability)))
    rows.append(("Confidence of the one-sided bound", wording.share(policy.confidence)))
    rows += [
        (f"Limit of {stage}", f"relative L2 {wording.number(limit)}")
        for stage, limit in policy.stages.items()
    ]
    by_policy = [name for name in policy.ignore if name not in policy.ignore_option]
    if by_policy:
        rows.append(("Measured and not counted", ", ".join(by_policy)))
    if policy.ignore_option:
        rows.append(("Excluded by --ignore", ", ".join(policy.ignore_option)))
    if policy.allow_inconclusive:
        rows.append(("An inconclusive verdict", "exit code 0 (--allow-inconclusive)"))
    return tuple(rows)


def _noise(audit: Audit) -> tuple[tuple[str, str], ...]:
    noise = audit.noise
    rows = [
        ("How the floor was measured", noise.method or wording.NOTHING),
        ("Measured on", wording.plural(noise.sample, "example")),
    ]
    rows += [
        (f"Float64 in the {name}", phrase)
        for name, phrase in (("reference", noise.reference_float64), ("candidate", noise.candidate_float64))
        if phrase
    ]
    return tuple(rows)
