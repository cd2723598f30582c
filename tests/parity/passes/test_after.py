"""Passes after the sweep, registered by another package: what they return is judged, shown and recorded like what was measured."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

RUNNER = Path(__file__).parents[2] / "runners" / "layered.py"

SOURCE = """
from pathlib import Path
from parity.border.runner import written
from parity.records.after import AfterResult
from parity.records.exhibit import Exhibit, ExhibitColumn
from parity.records.places import Place
from parity.records.stage import StageRecord
from parity.subjects.adapter import Adapter

layered = Adapter("layered", Path({runner!r}))

class Spoken:
    name, title, sentence, note, condition = "spoken", "spoken", "each side speaks", "what each side speaks", ""
    phase, feed, stage = "after", "own", "speech"

    def possible(self, sides, plan, settings):
        return {impossible!r}

    def run(self, context):
        if {fails!r}:
            raise ArithmeticError("it went wrong")
        again = [written(side.runner.forward(context.rows, window=context.window.numbers[number], stages=["logits"]))
                 for number, side in enumerate(context.sides)]
        assert all(len(context.rows) == len(batch.stages["logits"].values) for batch in again)
        speech = StageRecord(stage="speech", pass_="own", status={status!r}, relative_l2=None, max_abs=Place(value=None, at=None),
            noise_floor=None, times_floor=None, float64_relative_l2=None, compared=2, rows=2, rows_beyond=1)
        shown = Exhibit(title="What was spoken", kind="text_pair", of=self.name,
            columns=[ExhibitColumn(name=name, kind="data") for name in ("row", "reference", "candidate")],
            rows=[[0, "<b>yes</b>", "no"], [1, 0.25, None]])
        return AfterResult(rows=len(context.rows), stages=[speech], exhibits=[shown])

spoken = Spoken()
"""
COMPARE = """
import msgspec
from parity.inputs.spec import InputsSpec
from parity.pair_audit.policy import BUILT_IN
from parity.pair_audit.run import Request, compare
from parity.records.pair import Pair
from parity.subjects.subject import Subject

subject = Subject("layered", "here")
request = Request(Pair(subject, subject), InputsSpec({inputs!r}), BUILT_IN["faithful"], sample=2, timeout=60)
print(msgspec.json.encode(compare(request, lambda progress: None)).decode())
"""


def audited(tmp_path: Path, **source: Any) -> dict[str, Any]:
    """The audit of a subject beside itself where that package is installed."""
    inputs = tmp_path / "inputs.txt"
    inputs.write_text("one\ntwo words\nthree short words\n", encoding="utf-8")
    values = {"impossible": "", "fails": False, "status": "equal", "runner": str(RUNNER), **source}
    (tmp_path / "speaking.py").write_text(SOURCE.format(**values), encoding="utf-8")
    facts = tmp_path / "speaking-1.0.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: speaking\nVersion: 1.0\n", encoding="utf-8")
    (facts / "entry_points.txt").write_text(
        "[parity.passes]\nspoken = speaking:spoken\n[parity.adapters]\nlayered = speaking:layered\n",
        encoding="utf-8",
    )
    start = f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n"
    code = start + COMPARE.format(inputs=str(inputs))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert 0 == done.returncode, done.stderr
    audit: dict[str, Any] = json.loads(done.stdout)
    return audit


def record_of(audit: dict[str, Any]) -> dict[str, Any]:
    """The record of the pass."""
    (record,) = [one for one in audit["passes"] if one["name"] == "spoken"]
    return dict(record)


def test_its_stages_stand_at_the_end_and_its_exhibits_are_kept(tmp_path: Path) -> None:
    audit = audited(tmp_path)
    assert ("parity", "speech") == (audit["verdict"], audit["stages"][-1]["stage"])
    assert ("after", 2, "") == tuple(record_of(audit)[key] for key in ("phase", "rows", "reason"))
    (shown,) = audit["exhibits"]
    assert ("What was spoken", [[0, "<b>yes</b>", "no"], [1, 0.25, None]]) == (shown["title"], shown["rows"])


def test_a_divergent_stage_of_it_decides(tmp_path: Path) -> None:
    audit = audited(tmp_path, status="divergent")
    assert ("divergent", "speech") == (audit["verdict"], audit["first_divergence"]["stage"])


def test_one_that_fails_is_recorded_with_its_reason_and_counts(tmp_path: Path) -> None:
    audit = audited(tmp_path, fails=True)
    reason = "the pass spoken failed: ArithmeticError: it went wrong"
    assert (0, reason) == (record_of(audit)["rows"], record_of(audit)["reason"])
    lost = [(item["stage"], item["reason"], item["counts"]) for item in audit["not_compared"]]
    assert [("speech", reason, True)] == lost
    assert "not_comparable" == audit["verdict"]


def test_one_that_is_not_possible_is_recorded_with_its_reason(tmp_path: Path) -> None:
    audit = audited(tmp_path, impossible="nobody listens")
    assert ("parity", 0, "nobody listens") == (
        audit["verdict"],
        record_of(audit)["rows"],
        record_of(audit)["reason"],
    )
