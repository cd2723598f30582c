"""One pair of batches made comparable: padding left where it is, or taken out, measures the same."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from parity.align.batch import PairedStage, paired_stages
from parity.align.plan import Plan
from parity.border.runner import Batch, StageTensor
from parity.measure.stage_difference import Difference, Measurement
from parity.records.pair import Pair

PLAN = Plan(
    stages=("layer.0",),
    labels=None,
    task=None,
    temperatures=Pair(1.0, 1.0),
    not_compared=(),
)


def _batch(lengths: list[int], seed: int, width: int = 5) -> Batch:
    """Hidden states of rows of these lengths, padded on the right with NaN."""
    columns = max(lengths)
    real = (np.arange(columns) < np.array(lengths)[:, None]).astype(np.uint8)
    hidden = np.random.default_rng(seed).normal(size=(len(lengths), columns, width)).astype(np.float32)
    hidden[real == 0] = np.nan
    stages = {
        "real": StageTensor("real", ("row", "token"), real, "uint8"),
        "layer.0": StageTensor("layer.0", ("row", "token", "hidden"), hidden, "float32"),
    }
    return Batch(stages, 0.0)


def _measured(batches: Pair[Batch], rows: list[int], *, in_place: bool) -> Measurement:
    difference = Difference(0.1, vector_floor=1.0)
    for item in paired_stages(PLAN, batches, rows, None, in_place=in_place):
        assert isinstance(item, PairedStage)
        difference.add(
            item.values.reference, item.values.candidate, item.rows, item.positions, real=item.real
        )
    return difference.measurement()


@settings(deadline=None)
@given(st.lists(st.integers(6, 9), min_size=1, max_size=6))
def test_padding_left_in_place_counts_as_little_as_padding_taken_out(lengths: list[int]) -> None:
    batches = Pair(_batch(lengths, 0), _batch(lengths, 1))
    rows = list(range(10, 10 + len(lengths)))
    one, other = (_measured(batches, rows, in_place=flag) for flag in (True, False))
    assert sum(lengths) == one.positions == other.positions
    assert (0, 0) == (one.non_finite_reference, one.nan_both)
    assert one.first_beyond == other.first_beyond
    assert one.max_abs_at == other.max_abs_at
    np.testing.assert_allclose(one.relative_l2 or 0.0, other.relative_l2 or 0.0, rtol=1e-6)


def test_batches_that_are_padded_otherwise_are_paired_by_taking_padding_out() -> None:
    reference, candidate = _batch([8, 7], 0), _batch([8, 7], 1)
    turned = {
        name: tensor._replace(values=tensor.values[:, ::-1]) for name, tensor in candidate.stages.items()
    }
    batches = Pair(reference, candidate._replace(stages=turned))
    (item,) = paired_stages(PLAN, batches, [0, 1], None, in_place=True)
    assert isinstance(item, PairedStage)
    assert item.real is None
    assert 15 == len(item.rows)


def test_one_row_in_a_wider_batch_on_one_side_is_paired_by_taking_padding_out() -> None:
    narrow, wide = _batch([7], 0), _batch([7, 9], 1)
    alone = Batch({name: stage._replace(values=stage.values[:1]) for name, stage in wide.stages.items()}, 0.0)
    for batches in (Pair(narrow, alone), Pair(alone, narrow)):
        assert 7 == _measured(batches, [3], in_place=True).positions
