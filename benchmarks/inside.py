"""The cost of naming the modules in one divergent layer of twelve, in forwards of a side over the same rows.

    python -m benchmarks.inside [--rows 64] [--layer 5] [--rounds 3] [--model FOLDER] [--texts FILE]

The candidate is a copy of an encoder of twelve layers in which one weight of one layer is changed. Counted is the CPU time of both runners
in the forwards of the passes *on the reference's input* and *inside the layers* of a whole comparison, and the host's in the second. What one plain
forward costs is measured at the same place: each time the candidate has run a batch there, it runs the same batch twice more without any
intervention, in the same precision, and the second of them against the first is the control. Without --model the encoder is made here: random, of the
size of all-MiniLM-L6-v2 with twelve layers, the texts are random words. Gate: exit 1 when what a side spends inside is more than 0.2 of its plain forwards
of the rows that were run there, by the median.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import parity
from parity.border.interventions import Interventions
from parity.border.runner import Batch, written
from parity.passes import forwards
from parity.passes.inside import INSIDE
from proof.tiny import build
from proof.vary import tensor_names, vary
from tests.models import VOCABULARY

LIMIT = 0.2
_LAYERS = 12
_SIZE = {
    "hidden_size": 384,
    "num_hidden_layers": _LAYERS,
    "num_attention_heads": 12,
    "intermediate_size": 1536,
}
_WORDS = (20, 60)


class Spent(NamedTuple):
    """CPU seconds of one round: of either side inside, of either side isolated, of the host inside, and of plain forwards of the same rows."""

    inside: tuple[float, float]
    isolated: tuple[float, float]
    host: float
    plain_inside: float
    plain_isolated: float
    control: float


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=64)
    parser.add_argument("--layer", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--texts", type=Path)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        model = asked.model or build("BertForSequenceClassification", Path(folder, "model"), seed=1, **_SIZE)
        name = next(one for one in tensor_names(model) if f"layer.{asked.layer}.intermediate" in one)
        vary(model, Path(folder, "changed"), [name], 1e-2)
        texts = _texts(asked.texts, asked.rows)
        rounds = [_round(f"hf:{model}", f"hf:{folder}/changed", texts) for _ in range(asked.rounds)]
    print("plain forwards of the same rows; CPU")
    print("inside: reference  candidate  host   isolated: reference  candidate   control")
    for one in rounds:
        inside = [spent / one.plain_inside for spent in (*one.inside, one.host)]
        isolated = [spent / one.plain_isolated for spent in one.isolated]
        print(
            f"{inside[0]:17.2f} {inside[1]:10.2f} {inside[2]:5.2f} {isolated[0]:20.2f} {isolated[1]:10.2f} {one.control:9.2f}"
        )
    share = statistics.median(max(one.inside) / one.plain_inside for one in rounds)
    print(f"median of the side that spends more: {share:.2f} of a forward (up to {LIMIT} is asked)")
    return int(share > LIMIT)


def _texts(path: Path | None, rows: int) -> list[str]:
    if path is not None:
        return path.read_text(encoding="utf-8").splitlines()[1 : rows + 1]
    draw = random.Random(0)
    words = [word for word in VOCABULARY if word.isalpha()]
    return [" ".join(draw.choices(words, k=draw.randint(*_WORDS))) for _ in range(rows)]


def _round(reference: str, candidate: str, texts: list[str]) -> Spent:
    """One comparison, in which every forward of these passes is counted."""
    spent: dict[tuple[str, int], float] = {}
    plain: dict[str, list[float]] = {"inside": [], "isolated": []}
    again: list[float] = []
    run = forwards.Forwards.run
    inner = INSIDE.run

    def counted(self: Any, number: int, asked: Interventions, precision: str | None, **how: Any) -> Batch:
        batch = run(self, number, asked, precision, **how)
        kind = "inside" if "inside" in asked.fields else "isolated"
        spent[kind, number] = spent.get((kind, number), 0.0) + batch.cpu_seconds
        if number and not asked.fields.get("give", {}).get("exchange") and "see" in asked.fields:
            first, second = (_plain(self, precision, **how) for _ in range(2))
            plain[kind].append(first)
            again.append(second / first)
        return batch

    hosts: list[float] = []

    def timed(context: Any) -> Any:
        start = time.process_time()
        result = inner(context)
        hosts.append(time.process_time() - start)
        return result

    setattr(forwards.Forwards, "run", counted)  # noqa: B010 - for the time of one comparison
    object.__setattr__(INSIDE, "run", timed)
    try:
        audit = parity.compare(reference, candidate, texts)
    finally:
        setattr(forwards.Forwards, "run", run)  # noqa: B010
        object.__delattr__(INSIDE, "run")
    if not any(one.paired_by for one in audit.origins):
        sys.exit(f"nothing was named inside a layer: {audit.headline}")
    return Spent(
        (spent["inside", 0], spent["inside", 1]),
        (spent["isolated", 0], spent["isolated", 1]),
        hosts[0],
        sum(plain["inside"]),
        sum(plain["isolated"]),
        statistics.median(again),
    )


def _plain(one: Any, precision: str | None, *, stages: Any, feed: Mapping[str, Any]) -> float:
    """The CPU seconds of a forward of the candidate without any intervention."""
    side = one._context.sides[1]
    batch = written(side.runner.forward(stages=list(stages), precision=precision, **feed))
    return float(batch.cpu_seconds)


if __name__ == "__main__":
    sys.exit(main())
