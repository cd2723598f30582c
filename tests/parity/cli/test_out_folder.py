"""The folder of a command that came to no audit: nothing of the last one stays, and what went wrong is red for CI."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from xml.etree import ElementTree

import pytest

from parity.records.audit_folder import write_folder
from parity.records.failure import Failure
from parity_reports.formats.failure import junit, markdown
from tests.audits import AUDITS
from tests.hostile_audits import XSS_CORPUS
from tests.junit_schema import assert_junit_schema
from tests.real.asking import ROOT, Run, parity

FILES = ["audit.json", "junit.xml", "report.html", "summary.md"]
WRONG = [
    "compare hf:./none hf:./none --out OUT",
    "compare ./none hf:./none --out OUT",
    "compare hf:./none --out OUT",
    "compare hf:./none hf:./none extra --out OUT",
    "compare hf:./none hf:./none --bogus --out OUT",
    "compare --out OUT --bogus=1 hf:./none hf:./none",
    "compare hf:./none hf:./none --out=OUT --limit ten",
    "compare hf:./none hf:./none --out elsewhere --out OUT --sample",
    "compare hf:./none hf:./none --policy none.toml --out OUT",
    "compare hf:./none hf:./none --inputs none.jsonl --out OUT",
    "compare hf:./none hf:./none --inputs --out --out OUT",
    "compare hf:./none hf:./none --seeds none.json --out OUT",
    "comapre hf:./none hf:./none --out OUT",
    "hf:./none hf:./none --out OUT",
    "seeds none.toml --out OUT",
    "seeds none.toml --alpha 7 --out OUT",
    "seeds none.toml --metric f1 --out OUT",
    "seeds --out OUT",
    "seeds hf:./none hf:./none --factors none.csv --out OUT",
]


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """A folder with a green audit of the last run, and something else."""
    write_folder(AUDITS["parity"], tmp_path / "out")
    (tmp_path / "out" / "notes.txt").write_text("mine")
    return tmp_path / "out"


def _red(out: Path, slug: str) -> ElementTree.Element:
    """The error in the folder's junit.xml, which is the only case there."""
    text = (out / "junit.xml").read_text(encoding="utf-8")
    assert_junit_schema(text)
    suite = ElementTree.fromstring(text.encode())[0]
    assert ["1", "1", "0"] == [suite.attrib[name] for name in ("tests", "errors", "failures")]
    case = next(suite.iter("testcase"))
    assert slug == case.attrib["name"]
    return next(case.iter("error"))


def _unplaced(text: str, tmp_path: Path) -> str:
    return text.replace(f"{tmp_path}/", f"…/{tmp_path.name}/")


def _slug(run: Run) -> str:
    return run.complained.strip().splitlines()[-1].strip(" []")


@pytest.mark.parametrize("typed", WRONG)
def test_what_is_wrong_leaves_nothing_of_the_last_audit_and_says_so_in_two_files(
    typed: str, out: Path, tmp_path: Path
) -> None:
    words = [str(out) if word == "OUT" else word.replace("OUT", str(out)) for word in typed.split()]
    run = parity(*words, cwd=tmp_path, PYTHONPATH=str(ROOT))
    assert 2 == run.code
    error = _red(out, _slug(run))
    sentence, step = run.complained.splitlines()[:2]
    assert _unplaced(sentence.removeprefix("parity: "), tmp_path) == error.attrib["message"]
    assert _unplaced(step.strip(), tmp_path) == error.text
    summary = (out / "summary.md").read_text(encoding="utf-8")
    assert f"`{_slug(run)}`" in summary
    assert "Exit code 2" in summary
    left = {path.name for path in out.iterdir()}
    kept = {"audit.json"} if words[0] not in ("compare", "seeds") else set[str]()
    assert {"junit.xml", "summary.md", "notes.txt"} | kept == left


@pytest.mark.parametrize("command", ["compare", "seeds"])
def test_help_and_a_command_that_is_none_of_these_touch_nothing(
    command: str, out: Path, tmp_path: Path
) -> None:
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    assert 0 == parity(command, "hf:./none", "--out", str(out), "--help", cwd=tmp_path).code
    assert 2 == parity("record", "hf:./none", "--out", str(out), cwd=tmp_path).code
    assert 2 == parity("inspect", "hf:./none", cwd=tmp_path).code
    assert before == {path.name: path.read_bytes() for path in out.iterdir()}


def test_a_folder_that_is_there_by_default_only_is_not_made_for_what_was_typed_wrong(tmp_path: Path) -> None:
    assert 2 == parity("compare", "hf:./none", "hf:./none", "--bogus", cwd=tmp_path).code
    assert [] == list(tmp_path.iterdir())
    write_folder(AUDITS["parity"], tmp_path / "parity-audit")
    assert 2 == parity("compare", "hf:./none", "hf:./none", "--bogus", cwd=tmp_path).code
    _red(tmp_path / "parity-audit", "usage")


def test_a_folder_that_is_named_is_made(tmp_path: Path) -> None:
    run = parity("compare", "hf:./none", "hf:./none", "--out", "a/b", cwd=tmp_path)
    assert 2 == run.code
    _red(tmp_path / "a" / "b", _slug(run))


def test_a_folder_that_cannot_be_made_changes_no_exit_code(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    run = parity("compare", "hf:./none", "hf:./none", "--out", "file/out", cwd=tmp_path)
    assert 2 == run.code
    assert "" == (tmp_path / "file").read_text()


def test_a_seed_audit_that_is_read_is_not_removed_first(tmp_path: Path) -> None:
    write_folder(AUDITS["parity"], tmp_path)
    before = (tmp_path / "audit.json").read_bytes()
    run = parity(
        "compare", "hf:./none", "hf:./none", "--seeds", str(tmp_path), "--out", str(tmp_path), cwd=tmp_path
    )
    assert "record" == _slug(run)
    assert before == (tmp_path / "audit.json").read_bytes()
    _red(tmp_path, "record")


def test_rendering_a_damaged_record_again_leaves_no_green_file_beside_it(out: Path) -> None:
    (out / "audit.json").write_text("{")
    run = parity("report", str(out))
    assert 2 == run.code
    _red(out, "record")
    assert "{" == (out / "audit.json").read_text()
    assert not (out / "report.html").exists()


def test_rendering_in_a_folder_without_a_file_of_ours_touches_nothing(tmp_path: Path) -> None:
    (tmp_path / "audit.json").write_text("{")
    (tmp_path / "junit.xml").write_text("<testsuites/>")
    (tmp_path / "summary.md").write_text("mine")
    assert 2 == parity("report", str(tmp_path)).code
    assert ["audit.json", "junit.xml", "summary.md"] == sorted(path.name for path in tmp_path.iterdir())
    assert "mine" == (tmp_path / "summary.md").read_text()


@pytest.mark.real
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_signal_leaves_nothing_of_the_last_audit(number: signal.Signals, out: Path, tmp_path: Path) -> None:
    fifo = tmp_path / "inputs.jsonl"
    os.mkfifo(fifo)
    words = ["compare", "hf:./none", "hf:./none", "--inputs", "-", "--out", str(out)]
    process = subprocess.Popen(
        [sys.executable, "-m", "parity", *words], cwd=ROOT, stdin=subprocess.PIPE, stderr=subprocess.PIPE
    )
    deadline = time.monotonic() + 60
    while len(list(out.iterdir())) > 1 and time.monotonic() < deadline:
        time.sleep(0.02)
    time.sleep(0.5)  # until it waits for its inputs
    for _ in range(3):  # Python loses an interrupt that comes while it cleans up after an import
        process.send_signal(number)
        try:
            process.wait(timeout=20)
            break
        except subprocess.TimeoutExpired:
            continue
    assert process.returncode in {128 + number, -number}
    assert ["notes.txt"] == sorted(path.name for path in out.iterdir())


@pytest.mark.real
def test_a_run_that_failed_is_an_error_with_its_slug_and_takes_its_time(out: Path, tmp_path: Path) -> None:
    from tests.models import tiny_bert

    model = tiny_bert(tmp_path / "m", num_hidden_layers=1)
    run = parity("compare", f"hf:{model}", f"hf:{model}", "--timeout", "0.002", "--out", str(out))
    assert 3 == run.code
    _red(out, "runner-timeout")
    suite = ElementTree.parse(out / "junit.xml").getroot()[0]
    assert float(suite.attrib["time"]) >= 0.002
    assert "timestamp" in suite.attrib
    assert str(tmp_path) not in (out / "junit.xml").read_text(encoding="utf-8")
    assert str(tmp_path) not in (out / "summary.md").read_text(encoding="utf-8")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no full device here")
def test_a_full_device_behind_standard_output_keeps_the_record_and_turns_the_build_red(
    tmp_path: Path,
) -> None:
    write_folder(AUDITS["parity"], tmp_path)
    with Path("/dev/full").open("w") as full:
        process = subprocess.run(
            [sys.executable, "-m", "parity", "report", str(tmp_path)],
            cwd=ROOT,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert 3 == process.returncode
    _red(tmp_path, "out-of-space")
    assert (tmp_path / "audit.json").is_file()


@pytest.mark.parametrize("text", XSS_CORPUS)
def test_whatever_the_sentence_quotes_is_data(text: str) -> None:
    failure = Failure(
        audited="compare",
        slug="usage",
        sentence=text,
        next_step=text,
        exit_code=2,
        command=text,
        started="2026-11-21T01:30:00+00:00",
        seconds=0.5,
    )
    assert_junit_schema(junit(failure))
    assert "<script>" not in markdown(failure).partition("## Run it again")[0].replace("\\<script", "")
