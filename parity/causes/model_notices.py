"""Findings about the two models that name no cause: parameters that nothing shown needs, the same weights, a doubled class name."""

from __future__ import annotations

from collections.abc import Iterator

from parity.align.names import some
from parity.causes.evidence import Evidence
from parity.causes.notice import notice
from parity.records.finding import Finding

__all__ = ["model_notices"]


def model_notices(evidence: Evidence) -> Iterator[Finding]:
    """What is observed of the models and explains nothing by itself."""
    for name, described in evidence.sides:
        for stage, parameters in described.excluded.items():
            if stage == "pooled":
                continue  # weights.pooler_not_loaded reports it
            yield notice(
                stage,
                f"{len(parameters)} parameters of the {name} are in no file, and only {stage} needs them, which "
                f"is not compared: {some(parameters)}.",
                {"side": name, "parameters": parameters},
            )
        if described.overridden:
            words = some(
                [f"{item.setting} ({item.value} in place of {item.before})" for item in described.overridden]
            )
            yield notice(
                "input_ids"
                if all(item.setting.startswith("tokenizer.") for item in described.overridden)
                else "embeddings",
                f"The {name} was run with settings overridden: {words}. The verdict is about the pair as run, not as its files are.",
                {
                    "side": name,
                    "overridden": {item.setting: [item.before, item.value] for item in described.overridden},
                },
                could_hide=True,
            )
    reads = [described.reads for described in evidence.described]
    for clause in dict.fromkeys([*reads[0], *reads[1]]):
        who = " and ".join(
            name for name, clauses in zip(("reference", "candidate"), reads, strict=True) if clause in clauses
        )
        yield notice("text", f"Of the {who}: {clause}.", {"side": who})
    digest = evidence.described.reference.weights_digest
    if digest is not None and digest == evidence.described.candidate.weights_digest:
        yield notice(
            "embeddings",
            "Both sides have the same weights, bit for bit.",
            {"digest": digest},
        )
    classes, names = evidence.outputs.classes, evidence.described.reference.labels or []
    if classes is not None and classes.kind == "same" and len(set(names)) < len(names):
        yield notice(
            "label",
            classes.sentence,
        )
