"""Another pooling: one vector a text is made of its tokens in another way, or is not normalised."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from parity.border.description import Description, StageSeen
from parity.causes.case import Case, pair, side, stage
from parity.causes.cause import Cause, Suspicion
from parity.causes.evidence import Evidence
from parity.records.embeddings import Embeddings
from parity.stages import stage_rank

__all__ = ["Pooling"]

_POOLING, _NORMALIZE, _DENSE = "embedding.pooling", "embedding.normalize", "embedding.dense"
_STAGES = ("pooling", "dense", "normalize", "embedding")
_SAME_ANGLE = 1e-4


def _embedder(pooling: str, *, normalize: bool = True) -> Description:
    stages = [
        StageSeen(name, ["row", "hidden"]) for name in ("pooling", *(["normalize"] if normalize else []))
    ]
    return side(
        task="embeddings",
        stages=[*stages, StageSeen("embedding", ["row", "hidden"])],
        config={_POOLING: pooling, _NORMALIZE: normalize},
    )


def _seen(cosine: float, ratio: float, *, units: tuple[bool, bool]) -> Embeddings:
    return Embeddings(
        rows=10,
        cosine_min=cosine,
        cosine_mean=cosine,
        norm_ratio=ratio,
        neighbours=None,
        reference_unit=units[0],
        candidate_unit=units[1],
    )


_FILE = side(stages=[StageSeen("embedding", ["row", "hidden"])])
_OFF = [stage("pooling"), stage("embedding")]


class Pooling(Cause):
    NAME = "output.pooling"
    TITLE = "Another pooling"
    REMEDY = (
        "Give both the same pooling and normalisation: copy modules.json and the folders that it names from the side that is right, "
        "or give ?pooling=mean (cls, max, lasttoken, weightedmean)."
    )
    STAGE = "pooling"
    SPECIFICITY = 105
    CASES = (
        Case(
            "the mean of the tokens against the first token",
            pair(_embedder("mean"), _embedder("cls"), first="pooling", stages=_OFF),
        ),
        Case(
            "one side is not normalised",
            pair(
                _embedder("mean"),
                _embedder("mean", normalize=False),
                first="embedding",
                stages=[stage("pooling", "equal"), stage("embedding")],
                embeddings=_seen(1.0, 7.1, units=(True, False)),
            ),
        ),
        Case(
            "two files of vectors, one of length 1",
            pair(
                _FILE,
                _FILE,
                first="embedding",
                stages=[stage("embedding")],
                embeddings=_seen(0.3, 4.2, units=(True, False)),
            ),
        ),
    )
    BENIGN = (
        Case(
            "the same pooling, and weights that differ",
            pair(_embedder("mean"), _embedder("mean"), first="layer.1"),
        ),
        Case("bare encoders", pair(first="layer.1")),
    )

    def suspect(self, evidence: Evidence) -> Iterator[Suspicion]:
        ours, theirs = (described.config for described in evidence.described)
        differing = {
            name: [ours[name], theirs[name]]
            for name in (_POOLING, _DENSE, _NORMALIZE)
            if name in ours and name in theirs and ours[name] != theirs[name]
        }
        if differing:
            yield from self._by_settings(evidence, differing)
            return
        if evidence.first is not None and evidence.first.stage == "embedding":
            yield from self._by_vectors(evidence, evidence.embeddings, ours, theirs)

    def _by_settings(self, evidence: Evidence, differing: Mapping[str, list[Any]]) -> Iterator[Suspicion]:
        said = [_in_words(name, *values) for name, values in differing.items()]
        first = evidence.first
        shown = first is not None and stage_rank(first.stage) >= stage_rank(self.STAGE)
        yield Suspicion(
            f"The two make an embedding of a text in another way: {'; '.join(said)}.{_angle(evidence.embeddings)}",
            first.stage if first is not None and first.stage in _STAGES else self.STAGE,
            {"settings": dict(differing)},
            severity="divergent" if shown else "notice",
            settings=tuple(differing),
            could_hide=not shown,
        )

    def _by_vectors(
        self,
        evidence: Evidence,
        seen: Embeddings | None,
        ours: Mapping[str, Any],
        theirs: Mapping[str, Any],
    ) -> Iterator[Suspicion]:
        """What the vectors alone show: nothing is known of how one side made them."""
        if seen is None or (_POOLING in ours and _POOLING in theirs):
            return
        known = next((config[_POOLING] for config in (ours, theirs) if _POOLING in config), None)
        pooled = "" if known is None else f" (one side pools by {known})"
        if seen.reference_unit != seen.candidate_unit:
            unit, other = ("reference", "candidate") if seen.reference_unit else ("candidate", "reference")
            turned = (
                ""
                if seen.cosine_min > 1.0 - _SAME_ANGLE
                else ", and they point elsewhere: they are pooled in another way too"
            )
            sentence = f"Every vector of the {unit} has length 1, and those of the {other} have not: only the {unit} is normalised{turned}{pooled}."
        elif seen.cosine_min > 1.0 - _SAME_ANGLE:
            return
        else:
            sentence = f"The vectors point elsewhere (cosine {seen.cosine_mean:.4f} on average): they may be pooled in another way{pooled}."
        yield Suspicion(
            sentence,
            "embedding",
            {"cosine_mean": seen.cosine_mean, "norm_ratio": seen.norm_ratio},
            severity=evidence.severity,
        )


def _in_words(name: str, ours: Any, theirs: Any) -> str:
    if name == _POOLING:
        return f"pooling by {ours} in the reference, by {theirs} in the candidate"
    if name == _NORMALIZE:
        return "only the reference is normalised" if ours else "only the candidate is normalised"
    return f"dense layers {ours} in the reference, {theirs} in the candidate"


def _angle(seen: Embeddings | None) -> str:
    if seen is None:
        return ""
    if seen.cosine_min > 1.0 - _SAME_ANGLE:
        return f" The vectors point the same way; the candidate's are {seen.norm_ratio:.4g} times as long."
    return f" Their cosine is {seen.cosine_mean:.4f} on average, {seen.cosine_min:.4f} at least."
