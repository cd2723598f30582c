"""The command line, as it is typed: every mistake ends in a sentence with the value, a next step and the right exit code."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from parity.records.audit import audit_bytes
from parity.subjects.adapter import examples
from tests.audits import AUDITS
from tests.real.asking import ROOT, Run, parity

USAGE, FAILED = 2, 3


class Wrong(NamedTuple):
    """What is typed, and what is said about it: the exit code, the slug, and words of the sentence and the next step."""

    typed: str
    says: tuple[str, ...]
    slug: str = "usage"
    code: int = USAGE


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with everything that can be wrong in it, and nothing that a model is needed for."""
    place = tmp_path_factory.mktemp("wrong")
    (place / "good.jsonl").write_text('{"text": "a", "label": "b"}\n')
    (place / "empty.jsonl").write_text("")
    (place / "blank.jsonl").write_text("\n\n")
    (place / "third.jsonl").write_text('{"text": "a"}\n{"text": "b"}\n{"text": "c\n{"text": "d"}\n')
    (place / "ragged.csv").write_text("text,label\na,b\nc,d,e\n")
    (place / "latin.txt").write_bytes(b"caf\xe9 is good\n")
    (place / "file").write_text("not a folder")
    (place / "inner").mkdir()
    (place / "unknown.toml").write_text("floor_facto = 3\n")
    (place / "word.toml").write_text('floor_factor = "x"\n')
    (place / "broken.toml").write_text("floor = = 3\n")
    (place / "list.toml").write_text('base = ["x"]\n')
    record = audit_bytes(AUDITS["parity"])
    (place / "audit.json").write_bytes(record)
    (place / "cut.json").write_bytes(record[:900])
    (place / "other.json").write_bytes(record.replace(b"parity.audit/2", b"parity.audit/9"))
    (place / "list.json").write_text("[1, 2]")
    (place / "dead" / "bin").mkdir(parents=True)
    (place / "dead" / "bin" / "python").symlink_to("/nowhere/python3")
    script = place / "not-executable"
    script.write_text("text")
    return place


PAIR = "compare hf:./m hf:./m"
WRONG = [
    Wrong(f"{PAIR} --inputs none.jsonl", ("none.jsonl", "no such file", "--inputs"), "inputs-not-found"),
    Wrong(f"{PAIR} --inputs inner", ("inner is a folder", "Name a file"), "inputs-not-found"),
    Wrong(f"{PAIR} --inputs empty.jsonl", ("empty.jsonl is empty", "at least one"), "empty-inputs"),
    Wrong(f"{PAIR} --inputs blank.jsonl", ("blank.jsonl holds no example", "Give"), "empty-inputs"),
    Wrong(f"{PAIR} --inputs good.jsonl --text-column txt", ("'txt'", "--text-column text"), "missing-column"),
    Wrong(f"{PAIR} --text-column txt", ("'txt'", "--inputs")),
    Wrong(
        f"{PAIR} --inputs third.jsonl", ("third.jsonl, line 3", "one JSON object a line"), "malformed-line"
    ),
    Wrong(
        f"{PAIR} --inputs ragged.csv",
        ("ragged.csv, line 3: 3 cells", "Put in quotes a cell"),
        "malformed-line",
    ),
    Wrong(f"{PAIR} --inputs latin.txt", ("line 1: byte 0xe9", "--encoding latin-1"), "undecodable-inputs"),
    Wrong(f"{PAIR} --inputs latin.txt --encoding utf9", ("'utf9'", "latin-1"), "inputs"),
    Wrong(f"{PAIR} --inputs file", ("ends in nothing", ".jsonl"), "unknown-input-format"),
    Wrong("compare hg:./m hf:./m", ("'hg'", "Did you mean 'hf'?"), "unknown-scheme"),
    Wrong("compare ./m hf:./m", ("'./m' is not a subject", "hf:./m"), "subject"),
    Wrong("compare hf:./m?dtyp=float32 hf:./m --inputs good.jsonl", ("'dtyp'", "'dtype'"), "unknown-option"),
    Wrong("inspect hf:./m?dtype=flot32", ("'flot32'", "Did you mean 'float32'?"), "bad-option-value"),
    Wrong("inspect hf:./m@/no/python", ("'/no/python'", "after the @"), "interpreter-not-found"),
    Wrong("inspect hf:./m@dead", ("without a working bin/python", "venv --clear"), "interpreter-not-found"),
    Wrong("inspect hf:./m@inner", ("'inner'", "bin/python"), "interpreter-not-found"),
    Wrong("inspect hf:./m@./not-executable", ("not-executable", "3.8 or newer"), "interpreter-broken"),
    Wrong("inspect trace:inner", ("inner is not a trace", "parity record"), "trace"),
    Wrong(f"{PAIR} --policy strict", ("'strict'", "faithful, decisions, bitwise"), "policy"),
    Wrong(f"{PAIR} --policy none.toml", ("none.toml", "Check the path"), "policy"),
    Wrong(f"{PAIR} --policy unknown.toml", ("'floor_facto'", "'floor_factor'"), "policy"),
    Wrong(f"{PAIR} --policy word.toml", ("floor_factor = 'x'", "Fix that line"), "policy"),
    Wrong(f"{PAIR} --policy broken.toml", ("line 1", "Fix that line"), "policy"),
    Wrong(f"{PAIR} --policy list.toml", ("['x']", "faithful"), "policy"),
    Wrong(
        f"{PAIR} --policy decisions --ignore logits",
        ("judges the decisions, and --ignore 'logits' excludes logits", "without a flip rate"),
        "policy",
    ),
    Wrong(f"{PAIR} --temperature 0", ("'0' is not a number above 0", "--help")),
    Wrong(f"{PAIR} --temperature -1", ("'-1' is not a number above 0", "--help")),
    Wrong(
        f"{PAIR} --temperature 1e-320",
        ("'1e-320' is not a temperature between 1e-06 and 1,000,000", "--help"),
    ),
    Wrong(f"{PAIR} --temperature nan", ("'nan' is not a number above 0", "--help")),
    Wrong(f"{PAIR} --timeout nan", ("'nan' is not a number above 0", "--help")),
    Wrong(f"{PAIR} --limit 0", ("'0' is not a whole number of 1 or more", "--help")),
    Wrong(f"{PAIR} --limit ten", ("'ten' is not a whole number", "--help")),
    Wrong(f"{PAIR} --out file", ("file: it is a file", "--out")),
    Wrong(f"{PAIR} --out /proc/audit", ("/proc/audit", "--out")),
    Wrong("record hf:./m --out file", ("file exists and is not a trace", "--out"), "trace"),
    Wrong("record hf:./m", ("'--out'", "Add --out PATH.trace")),
    Wrong("compare hf:./m", ("'CANDIDATE'", "compare [OPTIONS] REFERENCE CANDIDATE")),
    Wrong(f"{PAIR} hf:./m", ("extra argument (hf:./m)", "--help")),
    Wrong(f"{PAIR} --inptus good.jsonl", ("--inptus", "Did you mean --inputs?")),
    Wrong("comapre hf:./m hf:./m", ("'comapre'", "Did you mean compare?")),
    Wrong("hf:./m hf:./m", ("'hf:./m'", "Did you mean parity compare hf:./m hf:./m?")),
    Wrong("env lsit", ("'lsit'", "Did you mean list?")),
    Wrong("env build none", ("'none'", "allennlp-2.10.1"), "environment-not-built"),
    Wrong("report none.json", ("none.json", "Name an audit.json"), "record"),
    Wrong("report cut.json", ("cut.json", "truncated", "run the comparison again"), "record"),
    Wrong("report other.json", ("parity.audit/9", "run the comparison again"), "record"),
    Wrong("report list.json", ("list.json", "run the comparison again"), "record"),
    Wrong("report audit.json --out file", ("file: it is a file", "--out")),
]


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: wrong.typed)
def test_what_is_wrong_is_said_in_a_sentence_with_the_next_step(
    wrong: Wrong, folder: Path, tmp_path: Path
) -> None:
    before = _tree(folder)
    run = parity(*wrong.typed.split(), cwd=folder, TMPDIR=str(tmp_path), PYTHONPATH=str(ROOT))
    said(run, wrong)
    assert before == _tree(folder)
    assert [] == list(tmp_path.iterdir())


def said(run: Run, wrong: Wrong) -> None:
    """Hold a run against what is expected: exit code, sentence, next step, slug, and nothing else."""
    assert wrong.code == run.code, run.complained
    sentence, step, slug = run.complained.splitlines()
    assert sentence.startswith("parity: ")
    assert sentence.endswith(".")
    assert step.startswith("  ")
    assert f"  [{wrong.slug}]" == slug
    for words in wrong.says:
        assert words in f"{sentence}\n{step}"
    assert "" == run.said


def _tree(folder: Path) -> dict[str, int]:
    return {str(path): path.lstat().st_mtime_ns for path in sorted(folder.rglob("*"))}


def _typed(*arguments: str, stdin: int | None = None, stdout: int = subprocess.PIPE) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "parity", *arguments]
    return subprocess.Popen(command, cwd=ROOT, text=True, stdin=stdin, stdout=stdout, stderr=subprocess.PIPE)


@pytest.mark.parametrize("name", ["parity", "float64_only"])
def test_a_reader_that_goes_away_changes_no_exit_code(name: str, tmp_path: Path) -> None:
    path = tmp_path / "audit.json"
    path.write_bytes(audit_bytes(AUDITS[name]))
    process = _typed("report", str(path))
    assert process.stdout is not None and process.stderr is not None
    process.stdout.close()
    assert "" == process.stderr.read()
    assert AUDITS[name].exit_code == process.wait()


def test_help_that_nobody_reads_is_no_error() -> None:
    process = _typed("--help")
    assert process.stdout is not None and process.stderr is not None
    process.stdout.close()
    assert ("", 0) == (process.stderr.read(), process.wait())


@pytest.mark.parametrize("command", ["compare", "inspect", "record"])
def test_the_help_of_a_command_ends_with_the_examples_of_the_adapters(command: str) -> None:
    process = _typed(command, "--help")
    text, _ = process.communicate()
    lines = [line.strip() for line in text.splitlines()]
    first = lines.index("A subject is scheme:locator@interpreter?option=value&option=value, in quotes:")
    shown = [re.split(" {2,}", line) for line in lines[first + 1 :]]
    assert [[subject, what] for subject, what in examples().items()] == shown


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_device_behind_standard_output_is_said(tmp_path: Path) -> None:
    path = tmp_path / "audit.json"
    path.write_bytes(audit_bytes(AUDITS["parity"]))
    with Path("/dev/full").open("w") as full:
        process = _typed("report", str(path), stdout=full.fileno())
        _, complained = process.communicate()
    said(
        Run(process.returncode, "", complained),
        Wrong("", ("No space is left", "Free some"), "out-of-space", 3),
    )


def test_an_argument_that_is_not_text_is_refused() -> None:
    process = _typed("inspect", os.fsdecode(b"hf:m\xe9"))
    out, complained = process.communicate()
    said(Run(process.returncode, out, complained), Wrong("", ("hf:m", "another name")))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", Wrong("", ("Standard input is empty", "--inputs -"), "empty-inputs")),
        ('{"text": "a"}\n{"txt": "b"}\n', Wrong("", ("line 2", "'text' is missing"), "malformed-line")),
        ('{"text": "a"}\n{"text": "b"}\n{"text":\n', Wrong("", ("line 3", "JSON"), "malformed-line")),
    ],
)
def test_standard_input_is_read_as_strictly_as_a_file(text: str, expected: Wrong) -> None:
    process = _typed(*PAIR.split(), "--inputs", "-", stdin=subprocess.PIPE)
    out, complained = process.communicate(text)
    said(Run(process.returncode, out, complained), expected)


def _ends(code: str, **variables: str) -> Run:
    """Run a command of our own making through the way out that every command takes."""
    done = subprocess.run(
        [sys.executable, "-c", f"from parity.cli.exit import run\n{code}"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
        env={**os.environ, **variables},
    )
    return Run(done.returncode, done.stdout, done.stderr)


MISTAKE = "run(lambda: {}['key'])"


def test_a_mistake_of_paritys_own_asks_to_be_reported() -> None:
    said(_ends(MISTAKE), Wrong("", ("KeyError: 'key'", "Please report it"), "internal", FAILED))


def test_its_traceback_is_shown_to_those_who_ask_for_it() -> None:
    run = _ends(MISTAKE, PARITY_TRACEBACK="1")
    assert FAILED == run.code
    assert "Traceback (most recent call last)" in run.complained


def test_memory_that_runs_out_is_no_mistake_of_paritys() -> None:
    code = "def f(): raise MemoryError\nrun(f)"
    said(_ends(code), Wrong("", ("out of memory", "?batch_size=1"), "run", FAILED))


def test_a_strangers_text_reaches_the_terminal_as_text() -> None:
    code = "from parity.errors import RunnerRaised\ndef f(): raise RunnerRaised('a\\x1b[2Jb\\nc.', next_step='d')\nrun(f)"
    run = _ends(code)
    assert "parity: a\\x1b[2Jb c.\n  d\n  [runner-raised]\n" == run.complained


def test_a_sentence_without_end_is_cut() -> None:
    run = _ends(
        "from parity.errors import RunError\ndef f(): raise RunError('x' * 9000, next_step='y')\nrun(f)"
    )
    assert len(run.complained) < 1000


def test_a_command_ends_with_the_code_it_returns() -> None:
    assert (1, "", "") == _ends("run(lambda: 1)")


def test_an_end_of_file_inside_is_not_taken_for_the_users_impatience() -> None:
    code = (
        "from parity.cli.commands import single\n@single()\ndef f() -> int: raise EOFError('short')\n"
        "run(lambda: f().main([], standalone_mode=False))"
    )
    run = _ends(code)
    assert FAILED == run.code
    assert "EOFError: short" in run.complained


def test_rendering_again_writes_all_reports_or_none(folder: Path, tmp_path: Path) -> None:
    run = parity("report", str(folder / "audit.json"), "--out", str(tmp_path / "a" / "b"), "--quiet")
    assert 0 == run.code, run.complained
    assert {"report.html", "summary.md", "junit.xml"} == {
        path.name for path in (tmp_path / "a" / "b").iterdir()
    }


def test_quiet_says_the_result_in_one_line(folder: Path, tmp_path: Path) -> None:
    run = parity("report", str(folder / "audit.json"), "--out", str(tmp_path), "--quiet")
    assert [AUDITS["parity"].headline] == run.said.splitlines()


def test_the_record_is_written_as_it_is_read(folder: Path) -> None:
    assert "parity.audit/2" == json.loads((folder / "audit.json").read_text())["schema"]


@pytest.mark.parametrize("command", [[], ["compare"], ["record"], ["inspect"], ["report"], ["env"]])
def test_help_is_there_for_every_command_and_fits_a_terminal(command: list[str]) -> None:
    run = parity(*command, "--help")
    assert 0 == run.code
    assert " ".join(["Usage: parity", *command]) in run.said
    assert max(map(len, run.said.splitlines())) <= 100
    assert "..." not in run.said.partition("Options:")[2]
