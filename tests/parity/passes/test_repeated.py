"""The passes that run the same rows again: what differs is told apart, by a runner that does each thing."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest

from parity.align.plan import plan_of
from parity.inputs.inputs import open_inputs
from parity.inputs.spec import InputsSpec
from parity.measure.noise import Floors
from parity.pair_audit.after import After, run_after
from parity.pair_audit.policy import BUILT_IN
from parity.passes.after import AfterContext, AfterSettings
from parity.records.pair import Pair
from parity.session.session import OpenRequest, open_sessions
from parity.session.window import open_window
from parity.subjects.adapter import Adapter, Option
from parity.subjects.subject import parse_subject

RUNNER = Path(__file__).parents[2] / "runners" / "repeating.py"
ADAPTER = Adapter("repeating", RUNNER, options=(Option("kind", "text", "What values depend on."),))


def repeated(tmp_path: Path, kinds: Sequence[str]) -> After:
    """What the passes find of two sides of these kinds, on five rows."""
    path = tmp_path / "inputs.txt"
    path.write_text("".join("x" * count + "\n" for count in (3, 1, 4, 1, 5)), encoding="utf-8")
    inputs = open_inputs(InputsSpec(str(path)))
    with ExitStack() as stack:
        opening = [OpenRequest(parse_subject(f"repeating:here?kind={kind}"), ADAPTER) for kind in kinds]
        sides = Pair(*open_sessions(opening, stack))
        plan = plan_of(Pair(sides.reference.described, sides.candidate.described))
        floors = Floors(Pair({}, {}), BUILT_IN["faithful"], exact=True)
        window = open_window(sides, inputs.picked([0, 1, 2, 3, 4]))
        return run_after(AfterContext(sides, plan, inputs, window, floors, AfterSettings()), "")


@pytest.mark.parametrize(
    ("kind", "expected", "lost"),
    [
        ("plain", [], 0),
        ("drawn", [("same_batch", False), ("other_order", False), ("alone", False)], 2),
        ("kept", [("same_batch", True), ("other_order", False), ("alone", False)], 2),
        ("batch", [("alone", False)], 0),
    ],
)
def test_what_differs_when_rows_are_run_again_is_told_apart(
    kind: str, expected: list[tuple[str, bool]], lost: int, tmp_path: Path
) -> None:
    found = repeated(tmp_path, ["plain", kind])
    assert expected == [(one.kind, one.settles) for one in found.result.repeats]
    assert {"candidate"} >= {one.side for one in found.result.repeats}
    # A side that is not the same twice is never parity; one that depends on its batch is, where both ran alike.
    assert [True] * lost == [item.counts for item in found.result.not_compared]
    assert [5, 5, 5] == [one.rows for one in found.passes if not one.reason]
    for one in found.result.repeats:
        assert set(one.rows) <= {0, 1, 2, 3, 4}
        assert one.rows
