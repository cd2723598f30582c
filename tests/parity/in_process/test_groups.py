"""Groups: a session that knows nothing of them is run once for each, and their stages come out as one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from parity._in_process import groups

Arrays = dict[str, Any]


class _Padding:
    """A session that pads what it gets; `ran` are the rows, or the inputs, of each of its forwards."""

    def __init__(self) -> None:
        self.ran: list[Any] = []

    def forward(
        self, rows: Any, inputs: Any, stages: Any, precision: str | None, write: Any
    ) -> dict[str, Any]:
        self.ran.append(rows if inputs is None else inputs["input_ids"])
        ids = rows if inputs is None else inputs["input_ids"]
        width = max(map(len, ids))
        padded = np.array([[*row, *[0] * (width - len(row))] for row in ids], dtype=np.int64)
        write("real", (padded > 0).astype(np.uint8), ["row", "token"])
        write("hidden", padded[..., None] * 0.5 + 1.0, ["row", "token", "hidden"])
        write("sums", padded.sum(axis=1, keepdims=True) * 1.0, ["row", "hidden"])
        write("square", np.ones((len(ids), width, width)), ["row", "token", "other"])
        return {"float64": "pure" if len(ids) == 1 else "mixed: sum", "cpu_seconds": 1.0}


ROWS = [[1, 2, 3], [4], [5, 6]]


def run(sizes: Sequence[Sequence[Any]], **changes: Any) -> tuple[_Padding, Arrays, dict[str, Any]]:
    session, written = _Padding(), Arrays()
    asked: dict[str, Any] = {"rows": ROWS, "inputs": None, "stages": None, "precision": None, **changes}
    request = groups.Request(**asked)

    def write(stage: str, values: Any, axes: Sequence[str]) -> None:
        written[stage] = values

    return session, written, groups.forward(session, request, sizes, write)


def test_without_groups_all_rows_are_run_together() -> None:
    session, written, answer = run([])
    assert [ROWS] == session.ran
    assert (3, 3, 1) == written["hidden"].shape
    assert "groups" not in answer


def test_each_group_is_run_by_itself_and_padded_to_its_own_width() -> None:
    session, written, answer = run([[1, None], [2, None]])
    assert [ROWS[:1], ROWS[1:]] == session.ran
    assert [[1, 1, 1], [1, 0, 0], [1, 1, 0]] == written["real"].tolist()
    # In the second group one token is padding; beyond its two columns there is nothing.
    assert [[1.5, 2.0, 2.5], [3.0, 1.0, 0.0], [3.5, 4.0, 0.0]] == written["hidden"][..., 0].tolist()
    assert [6.0, 4.0, 11.0] == written["sums"][:, 0].tolist()
    assert [[1, 3], [2, 2]] == answer["groups"]


def test_a_stage_that_no_padding_makes_alike_is_not_written() -> None:
    _, written, _ = run([[1, None], [2, None]])
    assert "square" not in written


def test_the_least_complete_float64_run_of_the_groups_counts() -> None:
    assert "mixed: sum" == run([[1, None], [2, None]])[2]["float64"]
    assert "pure" == run([[1, None]] * 3)[2]["float64"]


def test_inputs_are_cut_to_the_columns_of_their_group() -> None:
    ids = [[1, 2, 3], [4, 0, 0], [5, 6, 0]]
    session, _, answer = run(
        [[1, 3], [1, 1], [1, 2]], rows=None, inputs={"input_ids": ids, "attention_mask": None}
    )
    assert [[[1, 2, 3]], [[4]], [[5, 6]]] == session.ran
    assert [[1, 3], [1, 1], [1, 2]] == answer["groups"]


def test_tensors_are_joined_as_tensors() -> None:
    torch: Any = pytest.importorskip("torch")

    class Session(_Padding):
        def forward(self, rows: Any, inputs: Any, stages: Any, precision: Any, write: Any) -> dict[str, Any]:
            write(
                "hidden",
                torch.ones(len(rows), max(map(len, rows)), 2, dtype=torch.bfloat16),
                ["row", "token", "hidden"],
            )
            return {}

    written = Arrays()
    groups.forward(
        Session(),
        groups.Request(ROWS, None, None, None),
        [[1, None], [2, None]],
        lambda stage, values, axes: written.update({stage: values}),
    )
    assert torch.bfloat16 == written["hidden"].dtype
    assert [6.0, 4.0, 4.0] == written["hidden"].float().sum(dim=(1, 2)).tolist()
