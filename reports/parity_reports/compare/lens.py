"""What each layer would have decided: a section with a curve and a table, and a line for a terminal where decisions differ."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from parity.records.audit import Audit
from parity.records.lens import LensRecord
from parity_reports.blocks import Block, Column, Figure, Prose, Row, Table
from parity_reports.figures.curve import Curve, Series
from parity_reports.pages import Section
from parity_reports.text import wording

__all__ = ["build_lens", "lens_lines"]

_TONES = ("noise", "reference", "candidate")
_DRAWN = len(_TONES)  # temperatures in the figure: the lowest, one between, the highest
_TITLE = "What each layer would have decided"


def build_lens(audit: Audit, *, details: bool) -> Section | None:
    """The section, its table only where `details` are wanted; None where no head was applied to the layers."""
    if not audit.lens:
        return None
    return Section("layer-decisions", _TITLE, "By layer", "", tuple(_blocks(audit.lens, details=details)))


def lens_lines(audit: Audit) -> tuple[str, ...]:
    """At which layer the decisions first differ; nothing where they never do."""
    first = next((one for one in audit.lens if _differing(one)), None)
    if first is None:
        return ()
    return (f"Each side's own head on every layer: {_parting(audit.lens, first)}",)


def _blocks(layers: Sequence[LensRecord], *, details: bool) -> Iterator[Block]:
    first = next((one for one in layers if _differing(one)), None)
    many = wording.plural(layers[-1].decided, "decision")
    told = [
        "Each side's own head is applied to what each of its layers returns, as if the model ended there.",
        f"{wording.capital(many)}, on sampled rows and the reference's inputs. The verdict does not depend on it.",
    ]
    if layers[-1].over is not None:
        told.append(
            f"Probabilities are of the {layers[-1].over} likeliest tokens of the reference's last layer; decisions are of the whole vocabulary."
        )
    sentence = "the decisions are the same at every layer" if first is None else _parting(layers, first)
    told.append(f"{wording.capital(sentence)}.")
    yield Prose(" ".join(told).replace("'", "’"))
    yield Figure("total variation by layer", "", _curve(layers))
    if details:
        yield _table(layers)


def _parting(layers: Sequence[LensRecord], first: LensRecord) -> str:
    """Where decisions first differ, and how many do at the end."""
    last = layers[-1]
    known = "" if first is layers[0] else f"are the same up to {layers[layers.index(first) - 1].stage} and "
    here = f"decisions {known}first differ at {first.stage} ({_differing(first):,} of {first.decided:,})"
    if first is last:
        return f"{here}, the last"
    end = f"{_differing(last):,} of {last.decided:,} do" if _differing(last) else "none do"
    return f"{here}; at {last.stage}, the last, {end}"


def _differing(one: LensRecord) -> int:
    return max((one.decided - item.agree for item in one.temperatures), default=0)


def _table(layers: Sequence[LensRecord]) -> Table:
    temperatures = [item.temperature for item in layers[0].temperatures]
    heads = ["same decision"]
    for name in ("JS", "TV", "largest difference"):
        heads += [f"{name}, T={temperature:g}" for temperature in temperatures]
    rows: list[Row] = []
    for one in layers:
        sizes = [
            *(item.js_mean for item in one.temperatures),
            *(item.tv_mean for item in one.temperatures),
            *(item.max_abs_probability for item in one.temperatures),
        ]
        decided = f"{one.decided - _differing(one):,} of {one.decided:,}"
        if one.undefined:
            decided += f", {one.undefined:,} without numbers"
        rows.append(Row((one.stage, decided, *map(wording.number, sizes)), "soft" if _differing(one) else ""))
    return Table(
        _TITLE,
        (Column("stage"), *(Column(head, "number") for head in heads)),
        tuple(rows),
        note="JS (in nats) and TV (a share) are means over the decisions; the largest difference is that of one probability.",
    )


def _curve(layers: Sequence[LensRecord]) -> Curve:
    count = len(layers[0].temperatures)
    chosen = sorted({0, count // 2, count - 1})[:_DRAWN]
    series = tuple(
        Series(
            f"T={layers[0].temperatures[index].temperature:g}",
            tone,
            tuple(one.temperatures[index].tv_mean for one in layers),
            (False,) * len(layers),
        )
        for index, tone in zip(chosen, _TONES, strict=False)
    )
    stages = tuple(one.stage.replace("embeddings", "emb").replace("layer.", "") for one in layers)
    return Curve(
        "Total variation of the probabilities by layer",
        stages,
        series,
        (None,) * len(layers),
        "",
        judged=False,
    )
