"""The conformance check: what an adapter's author calls in one test, `assert [] == check_adapter(subject, texts)`.

It opens a subject as a comparison does, in a process of its own, and compares what the runner sends with what the protocol
(the docstring of `parity/_in_process/serve.py`) and its own description promise. Each complaint is a sentence.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from parity.align.batch import PairedStage, Unfit, paired_stages
from parity.align.feed import Feed
from parity.align.plan import Plan, plan_of
from parity.border.description import Description
from parity.border.runner import Batch, Runner
from parity.errors import ParityError
from parity.inputs.example import Encoding, Example
from parity.records.pair import Pair
from parity.session import promises
from parity.session.session import OpenRequest, open_session
from parity.stages import FED, is_detail
from parity.subjects.adapter import Adapter
from parity.subjects.subject import parse_subject

__all__ = ["check_adapter"]

_AXES = {"row", "token", "word", "target", "hidden", "class", "vocabulary", "other"}
_ROUNDING = 1e-4


def check_adapter(
    subject: str,
    texts: Sequence[str | tuple[str, str]],
    *,
    adapter: Adapter | None = None,
    timeout: float = 600,
) -> list[str]:
    """Every way in which this subject's adapter breaks its promises on these texts (or pairs); empty when there is none.

    Give texts of different lengths: padding is what most runners get wrong. `adapter` is the one under test where it is
    not registered yet. A ParityError of the runner's is a complaint too, and ends the check.

        assert [] == parity.check_adapter("hf:fixtures/port", ["A short one.", "And one that is longer.", "Three."])
    """
    parsed = parse_subject(subject)
    examples = [
        Example(row, text) if isinstance(text, str) else Example(row, text[0], text[1])
        for row, text in enumerate(texts)
    ]
    complaints: list[str] = []
    try:
        with open_session(OpenRequest(parsed, adapter, timeout=timeout)) as session:
            runner, described = session.runner, session.described
            complaints += _description(described)
            tokenized = runner.tokenize(examples)
            encodings, window = tokenized.wait(), tokenized.window
            rows = [example.row for example in examples]
            together = runner.forward(rows, window=window).wait()
            complaints += _stages(described, together, len(rows))
            complaints += _encodings(described, together, encodings)
            complaints += _selected(described, together, len(rows))
            complaints += _promises(described, together, examples, encodings)
            plan = plan_of(Pair(described, described))
            for row in rows:
                alone = runner.forward([row], window=window).wait()
                complaints += _same(
                    plan, _row(together, row), alone, [row], "alone and in a batch", _ROUNDING
                )
            if described.can.accepts_feed:
                given = runner.forward(inputs=Feed.of(together).inputs(positions=False)).wait()
                complaints += _same(plan, together, given, rows, "from its texts and from its own ids", 0.0)
            if described.can.float64:
                double = runner.forward(rows, window=window, precision="float64").wait()
                complaints += promises.float64(described, double)
                complaints += _same(
                    plan, double, together, rows, "in float64 and in its own precision", _ROUNDING
                )
                again = runner.forward(rows, window=window).wait()
                complaints += _same(plan, together, again, rows, "before and after a float64 pass", 0.0)
            complaints += _asked_besides(runner, described, examples)
    except ParityError as error:
        complaints.append(f"{type(error).__name__}: {error}")
    return list(dict.fromkeys(complaints))


def _description(described: Description) -> Iterator[str]:
    names = [stage.name for stage in described.stages]
    if not names and described.selects is None and not described.can.texts_only:
        yield "it announces no stage, and selects and generates nothing"
    for name in {name for name in names if names.count(name) > 1}:
        yield f"it announces the stage {name} twice"
    for stage in described.stages:
        if not stage.axes or stage.axes[0] != "row" or not set(stage.axes) <= _AXES:
            yield f"stage {stage.name} has the axes {stage.axes}: the first is row, all are of {sorted(_AXES)}"
    if "python" not in described.versions:
        yield "its versions do not name Python's"
    if described.scope == "full" and not described.weights_digest:
        yield "it has no weights digest"


def _stages(described: Description, batch: Batch, rows: int) -> Iterator[str]:
    announced = {stage.name: tuple(stage.axes) for stage in described.stages if not is_detail(stage.name)}
    written = [name for name in batch.stages if name not in FED]
    for name in announced.keys() - set(written):
        yield f"it announces the stage {name} and does not write it"
    for name in set(written) - announced.keys():
        yield f"it writes the stage {name} and does not announce it"
    order = [name for name in announced if name in batch.stages]
    if order != [name for name in written if name in announced]:
        yield f"it writes its stages in another order than it announces: {', '.join(written)}"
    for name, stage in batch.stages.items():
        in_part = described.recorded is not None and stage.axes[-1] == "kept"
        if name in announced and not in_part and stage.axes != announced[name]:
            yield f"stage {name} is announced with the axes {announced[name]} and written with {stage.axes}"
        if stage.values.shape[0] != rows:
            yield f"stage {name} has {stage.values.shape[0]} rows for {rows} examples"
        if name not in FED and "other" not in stage.axes and not np.isfinite(stage.values).all():
            yield f"stage {name} holds values that are not finite"


def _selected(described: Description, batch: Batch, rows: int) -> Iterator[str]:
    if described.selects is not None and len(batch.selected) != rows:
        yield f"it selects in {len(batch.selected)} rows of {rows}"
    if described.selects is None and batch.selected:
        yield "it sends what it selects, and does not announce that"


def _encodings(described: Description, batch: Batch, encodings: Sequence[Encoding | None]) -> Iterator[str]:
    if not described.can.tokens:
        return
    ids, real = batch.stages.get("input_ids"), batch.stages.get("real")
    if ids is None or real is None:
        if described.can.accepts_feed:
            yield "it accepts ids and does not write input_ids and real"
        return
    for row, encoding in enumerate(encodings):
        if encoding is None:
            yield f"row {row} has no encoding"
            continue
        fed = ids.values[row][real.values[row].astype(bool)].tolist()
        if fed != list(encoding.input_ids):
            yield f"row {row} is tokenized to {list(encoding.input_ids)} and fed as {fed}"
        if encoding.untruncated < len(encoding.input_ids):
            yield f"row {row} has {len(encoding.input_ids)} tokens and {encoding.untruncated} untruncated ones"


def _promises(
    described: Description, batch: Batch, examples: Sequence[Example], encodings: Sequence[Encoding | None]
) -> Iterator[str]:
    yield from promises.logits(described, batch)
    yield from promises.offsets(examples, encodings)
    yield from promises.special_tokens(described, examples, encodings)
    yield from promises.padding_side(described, batch)
    yield from promises.pairs(described, batch, examples, encodings)


def _asked_besides(runner: Runner, described: Description, examples: Sequence[Example]) -> Iterator[str]:
    """Checks that the given texts may not cover: an empty text, and a pair where none was among them."""
    if described.recorded is not None or not described.can.tokens:
        return
    pair = described.can.pairs == "required"
    if described.can.blank and not pair:
        (encoding,) = runner.tokenize([Example(0, "")]).wait()
        yield from promises.blank_tokens(encoding)
    if described.can.pairs == "optional" and all(example.pair is None for example in examples):
        paired = [Example(0, examples[0].text, examples[-1].text)]
        try:
            tokenized = runner.tokenize(paired)
            encodings = tokenized.wait()
            batch = runner.forward([0], window=tokenized.window).wait()
        except ParityError as error:
            yield f"it announces that it reads pairs, and fails on one: {error}"
            return
        yield from _encodings(described, batch, encodings)
        yield from _promises(described, batch, paired, encodings)


def _row(batch: Batch, row: int) -> Batch:
    return batch._replace(stages={name: stage.row(row) for name, stage in batch.stages.items()})


def _same(plan: Plan, one: Batch, other: Batch, rows: list[int], when: str, allowed: float) -> Iterator[str]:
    for item in paired_stages(plan, Pair(one, other), rows, None):
        if isinstance(item, Unfit):
            yield f"stage {item.stage} cannot be compared with itself {when}: {item.reason}"
        elif (apart := _apart(item)) > allowed:
            yield f"stage {item.stage} differs {when} by a relative L2 of {apart:.1e} (up to {allowed:g} is allowed)"


def _apart(item: PairedStage) -> float:
    here, there = (np.asarray(side, dtype=np.float64) for side in item.values)
    size = float(np.linalg.norm(here))
    difference = float(np.linalg.norm(here - there))
    return difference / size if size else difference
