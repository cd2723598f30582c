"""The passes that there are: those of parity, and those of another package, found by its entry point and run like them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from parity.passes import AFTER, FIRST, PASSES, all_passes, pass_named, pass_rank, passes_in

FOLDER = Path(__file__).parents[3] / "parity" / "passes"
RUNNER = Path(__file__).parents[2] / "runners" / "layered.py"

SOURCE = """
from pathlib import Path
from parity.border.runner import written
from parity.passes.pass_ import PassResult
from parity.records.pair import Pair
from parity.subjects.adapter import Adapter

layered = Adapter("layered", Path({runner!r}))

class Twice:
    name, title, sentence, note, condition = {name!r}, "run twice", "each side run twice", "a second run", ""
    phase, feed = "sweep", "other"

    def possible(self, sides, plan):
        return {impossible!r}

    def run(self, context):
        yield None
        replies = [context.forward(0), context.forward(1)]
        yield None
        if {fails!r}:
            raise ArithmeticError("it went wrong")
        yield PassResult(Pair(*map(written, replies)))

twice = Twice()
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


def installed(tmp_path: Path, code: str, **source: Any) -> subprocess.CompletedProcess[str]:
    """Run code where a package that registers a pass and an adapter is installed."""
    values = {"name": "twice", "impossible": "", "fails": False, "runner": str(RUNNER), **source}
    (tmp_path / "second_runs.py").write_text(SOURCE.format(**values), encoding="utf-8")
    facts = tmp_path / "second_runs-1.0.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: second-runs\nVersion: 1.0\n", encoding="utf-8"
    )
    (facts / "entry_points.txt").write_text(
        "[parity.passes]\ntwice = second_runs:twice\n[parity.adapters]\nlayered = second_runs:layered\n",
        encoding="utf-8",
    )
    start = f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n"
    return subprocess.run([sys.executable, "-c", start + code], capture_output=True, text=True, check=False)


def audited(tmp_path: Path, **source: Any) -> dict[str, Any]:
    """The audit of a subject beside itself where that package is installed."""
    inputs = tmp_path / "inputs.txt"
    inputs.write_text("one\ntwo words\nthree short words\n", encoding="utf-8")
    done = installed(tmp_path, COMPARE.format(inputs=str(inputs)), **source)
    assert 0 == done.returncode, done.stderr
    audit: dict[str, Any] = json.loads(done.stdout)
    return audit


def test_every_file_that_holds_a_pass_is_named_in_the_tuple() -> None:
    holding = {
        path.stem for path in FOLDER.glob("*.py") if "phase: Phase = " in path.read_text(encoding="utf-8")
    }
    assert holding == {one.name for one in (*PASSES, *AFTER)}


def test_every_pass_says_what_it_is_in_words_of_its_own() -> None:
    titles = [one.title for one in (*PASSES, *AFTER)]
    assert len(set(titles)) == len(titles)
    assert [] == [one.name for one in (*PASSES, *AFTER) if not (one.title and one.sentence and one.note)]


def test_the_first_pass_of_the_sweep_is_the_one_that_all_begin_with() -> None:
    assert (FIRST, "own", "") == (passes_in("sweep")[0], FIRST.feed, FIRST.condition)


def test_a_pass_that_nobody_knows_comes_last() -> None:
    names = [one.name for one in PASSES]
    assert names == sorted(names, key=pass_rank)
    assert (None, len(all_passes())) == (pass_named("nowhere"), pass_rank("nowhere"))


def test_a_pass_of_another_package_is_run_judged_and_recorded(tmp_path: Path) -> None:
    audit = audited(tmp_path)
    assert "parity" == audit["verdict"]
    (record,) = [one for one in audit["passes"] if one["name"] == "twice"]
    assert ("run twice", "sweep", 3, "") == tuple(record[key] for key in ("title", "phase", "rows", "reason"))
    statuses = {stage["stage"]: stage["status"] for stage in audit["stages"] if stage["pass"] == "twice"}
    assert {"embeddings", "layer.0", "pooled", "logits"} <= set(statuses)
    assert {"equal"} == set(statuses.values())


def test_a_pass_that_fails_is_recorded_with_its_reason_costs_only_itself_and_counts(tmp_path: Path) -> None:
    audit = audited(tmp_path, fails=True)
    reason = "the pass run twice failed: ArithmeticError: it went wrong"
    (record,) = [one for one in audit["passes"] if one["name"] == "twice"]
    assert (0, reason) == (record["rows"], record["reason"])
    assert {"equal"} == {stage["status"] for stage in audit["stages"]}
    lost = {(item["pass"], item["reason"], item["counts"]) for item in audit["not_compared"]}
    assert {("twice", reason, True)} == lost
    assert "not_comparable" == audit["verdict"]


def test_a_pass_that_is_not_possible_is_recorded_with_its_reason(tmp_path: Path) -> None:
    audit = audited(tmp_path, impossible="there is no second run")
    (record,) = [one for one in audit["passes"] if one["name"] == "twice"]
    assert ("parity", 0, "there is no second run") == (audit["verdict"], record["rows"], record["reason"])


@pytest.mark.parametrize("name", [one.name for one in PASSES])
def test_a_name_used_twice_is_an_error(tmp_path: Path, name: str) -> None:
    code = "from parity.passes import all_passes\nfrom parity.errors import NameTaken\n"
    code += "try: all_passes()\nexcept NameTaken as error: print(error.sentence)\n"
    done = installed(tmp_path, code, name=name)
    (own,) = [type(one) for one in PASSES if one.name == name]
    owners = f"parity's {own.__module__}:{own.__qualname__} and second-runs's second_runs:twice"
    assert f"Two passes are called {name!r}: {owners}.\n" == done.stdout


def test_the_passes_of_an_audit_are_listed_in_their_order_with_their_rows(tmp_path: Path) -> None:
    audit = audited(tmp_path)
    expected = [one.name for one in (*passes_in("sweep"), *passes_in("sample"), *AFTER)]
    assert expected == [one["name"] for one in audit["passes"] if one["name"] != "twice"]
    rows = {one["name"]: one["rows"] for one in audit["passes"]}
    after = {one.name: rows[one.name] for one in AFTER}  # each decides by itself whether it is run
    assert {"own": 3, "same_ids": 3, "float64": 2, "rerun": 0, "twice": 3, **after} == rows
