"""The layout's measures on small trees made by hand: each fault is found, and a tree without faults has none."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tools.layout import Measures, measure
from tools.layout.levels import may_import

ROOT = Path(__file__).parent.parent

PROJECT = """
[project]
name = "made-up"
[project.scripts]
parity = "parity.cli:main"
[project.entry-points."parity.adapters"]
hf = "parity_transformers:adapter"
trace = "parity_trace:trace"
"""
CLEAN = {
    "pyproject.toml": PROJECT,
    "parity/__init__.py": '"""The API."""\n_PLACES = {"compare": "parity.pair_audit.run:compare"}\n',
    "parity/__main__.py": "from parity.cli import main\n\nmain()\n",
    "parity/errors.py": 'class ParityError(Exception):\n    slug = "parity"\n',
    "parity/records/audit.py": "from parity.errors import ParityError\n\n\ndef read():\n    raise ParityError\n",
    "parity/pair_audit/__init__.py": "",
    "parity/pair_audit/run.py": (
        '"""Compares hf:./a with hf:./b."""\n'
        "from parity.records import audit\n\n\n"
        "def compare(a, b, c, d, e, f):\n    return audit.read()\n"
    ),
    "parity/passes/__init__.py": (
        "from parity.passes.same_ids import SAME_IDS\n\nPASSES = (SAME_IDS,)\n\n\ndef _all():\n    return PASSES\n"
    ),
    "parity/passes/same_ids.py": 'SAME_IDS = "same_ids"\n',
    "parity/causes/__init__.py": "from parity.causes import dropout\n\n_CAUSES = (dropout.NAME, dropout.suspect)\n",
    "parity/causes/dropout.py": 'NAME = "runtime.dropout"\n\n\ndef suspect():\n    return None\n',
    "parity/cli.py": (
        "import click\n\nfrom parity.pair_audit.run import compare\n\n\n"
        "@click.command()\ndef main(a, b, c, d, e, f, g):\n    return compare(a, b, c, d, e, f)\n"
    ),
    "adapters/parity_transformers/__init__.py": 'adapter = Option("init_seed", "integer")\n',
    "adapters/parity_transformers/runner.py": "from . import stages\n\nstages.count()\n",
    "adapters/parity_transformers/stages.py": "def count():\n    return 1\n",
    "reports/parity_reports/html.py": "from parity.records.audit import read\n\n_READ = read\n",
    "reports/parity_reports/templates/page.html.j2": "<p></p>\n",
}


def _measured(root: Path, changed: dict[str, str] | None = None) -> Measures:
    """The measures of a clean tree with some files more or others, by their paths."""
    for name, text in (CLEAN | (changed or {})).items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return measure(root)


def test_a_clean_tree_meets_every_goal(tmp_path: Path) -> None:
    assert () == _measured(tmp_path).missed


def test_packages_are_folders_and_modules_of_parity_and_folders_of_adapters(tmp_path: Path) -> None:
    expected = ("causes", "cli", "errors", "pair_audit", "parity_transformers", "passes", "records")
    assert expected == _measured(tmp_path)["packages"].found


def test_two_files_of_one_package_that_import_another_are_one_import(tmp_path: Path) -> None:
    before = _measured(tmp_path)["imports"].value
    again = "from parity.errors import ParityError\n\n_ERROR = ParityError\n"
    assert before == _measured(tmp_path, {"parity/records/again.py": again})["imports"].value
    assert before + 1 == _measured(tmp_path, {"parity/passes/lens.py": again})["imports"].value


@pytest.mark.parametrize(
    ("importer", "statement", "found"),
    [
        ("records/upward", "from parity.pair_audit import run", "records -> pair_audit"),
        ("records/upward", "def late():\n    from ..pair_audit.run import compare", "records -> pair_audit"),
        ("records/upward", "from parity import compare", "records -> parity"),
        ("causes/sideways", "import parity.session", "causes -> session"),
        ("pair_audit/seeds", "import parity.seed_audit", "pair_audit -> seed_audit"),
        ("_in_process/serve", "import parity.errors", "_in_process -> errors"),
        ("cli", "import parity_reports.html", "cli -> parity_reports"),
    ],
)
def test_an_import_upwards_or_sideways_is_found_with_its_place(
    tmp_path: Path, importer: str, statement: str, found: str
) -> None:
    path = f"parity/{importer}.py"
    upward = _measured(tmp_path, {"parity/session.py": "", "parity/seed_audit.py": "", path: statement})[
        "upward"
    ].found
    assert [f"{found} ({path}:{statement.count(chr(10)) + 1})"] == list(upward)


def test_adapters_may_import_what_they_declare_with_and_reports_the_records() -> None:
    assert may_import("adapters", "parity_trace", "parity", "training")
    assert not may_import("adapters", "parity_trace", "parity", "records")
    assert not may_import("adapters", "parity_trace", "adapters", "parity_transformers")
    assert may_import("reports", "parity_reports", "parity", "stages")
    assert not may_import("reports", "parity_reports", "parity", "measure")


def test_a_package_without_a_level_is_unplaced_and_its_imports_are_not_judged(tmp_path: Path) -> None:
    measures = _measured(tmp_path, {"parity/novel.py": "import parity.cli\n"})
    assert ("novel",) == measures["unplaced"].found
    assert () == measures["upward"].found


def test_a_circle_of_packages_is_found_once(tmp_path: Path) -> None:
    measures = _measured(
        tmp_path,
        {
            "parity/align/a.py": "import parity.border.b\n",
            "parity/border/b.py": "import parity.tasks.c\n",
            "parity/tasks/c.py": "import parity.align.a\n",
        },
    )
    assert ("align <-> border <-> tasks",) == measures["circles"].found


def test_a_file_of_301_lines_is_too_long_and_the_tree_of_errors_is_not(tmp_path: Path) -> None:
    long = "_LINE = 1\n" * 301
    measures = _measured(
        tmp_path,
        {
            "parity/stages.py": long,
            "parity/errors.py": CLEAN["parity/errors.py"] + long,
            "tools/big.py": long,
        },
    )
    assert ("parity/stages.py 301", "tools/big.py 301") == measures["long_files"].found
    assert (
        ()
        == _measured(tmp_path, {"parity/stages.py": "_LINE = 1\n" * 300, "tools/big.py": ""})[
            "long_files"
        ].found
    )


@pytest.mark.parametrize(
    ("definition", "parameters"),
    [
        ("def _wide(a, b, c, d, e, f, g): ...", 7),
        ("async def _wide(a, /, b, c, *, d, e, f, g): ...", 7),
        ("def _wide(a, b, c, d, e, *f, **g): ...", 7),
        ("class _A:\n    def _wide(self, a, b, c, d, e, f, g): ...", 7),
        ("class _A:\n    @staticmethod\n    def _wide(a, b, c, d, e, f, g): ...", 7),
        ("class _A:\n    def _narrow(self, a, b, c, d, e, f): ...", None),
        ("@command\ndef _wide(a, b, c, d, e, f, g): ...", 7),
    ],
)
def test_seven_parameters_are_too_many(tmp_path: Path, definition: str, parameters: int | None) -> None:
    line = len(definition.splitlines())
    expected = () if parameters is None else (f"parity/stages.py:{line} _wide {parameters}",)
    assert expected == _measured(tmp_path, {"parity/stages.py": definition})["wide_functions"].found


def test_a_pass_named_in_a_comment_or_a_template_of_another_place_is_found(tmp_path: Path) -> None:
    measures = _measured(
        tmp_path,
        {"parity/stages.py": "# not same_idsx, but same_ids\n", "parity/tasks.py": "_SAME_IDSX = 1\n"},
    )
    assert ("parity/passes/same_ids.py", "parity/stages.py") == tuple(
        sorted(measures["naming_same_ids"].found)
    )
    (tmp_path / "reports/parity_reports/templates/page.html.j2").write_text(
        "{{ same_ids }}", encoding="utf-8"
    )
    assert 3 == measure(tmp_path)["naming_same_ids"].value


@pytest.mark.parametrize(
    ("code", "named"),
    [
        ('_SCHEME = "hf"', "hf"),
        ('_HELP = "for example hf:./model"', "hf"),
        ("_TEXT = f'hf:{1}'", "hf"),
        ('_RUNNER = "adapters/parity_transformers/runner.py"', "parity_transformers"),
        ("init_seed = 1\n_SEED = init_seed", "init_seed"),
        ('"""The scheme hf: and its init_seed."""  # hf: as well', None),
        ('_TRACE = "trace:golden"', None),
        ('_WORD = "half:way"', None),
    ],
)
def test_an_adapter_named_in_code_or_in_a_string_is_found(
    tmp_path: Path, code: str, named: str | None
) -> None:
    expected = () if named is None else (f"parity/stages.py {named}",)
    assert expected == _measured(tmp_path, {"parity/stages.py": code})["naming_adapters"].found


def test_a_cause_without_detection_or_outside_the_tuple_cannot_be_raised(tmp_path: Path) -> None:
    measures = _measured(
        tmp_path,
        {
            "parity/causes/dtype.py": 'NAME = "runtime.dtype"\n',
            "parity/causes/cache.py": 'NAME = "runtime.cache"\n\n\ndef suspect():\n    return None\n',
        },
    )
    assert ("runtime.cache", "runtime.dtype") == measures["unraisable_causes"].found
    assert 3 == measures["unraisable_causes"].of


def test_causes_of_one_family_are_raised_by_the_detection_that_they_share(tmp_path: Path) -> None:
    family = (
        "class _Rule:\n    def suspect(self):\n        return None\n\n\n"
        'class One(_Rule):\n    NAME = "a.b"\n\n\nclass Two:\n    NAME = "a.c"\n\n\nclass Three(_Rule):\n    NAME = "a.d"\n'
    )
    measures = _measured(
        tmp_path,
        {
            "parity/causes/rules.py": family,
            "parity/causes/__init__.py": "from parity.causes import dropout\n"
            "from parity.causes.rules import One, Two\n\n_CAUSES = (dropout.NAME, dropout.suspect, One(), Two())\n",
        },
    )
    assert ("a.c", "a.d") == measures["unraisable_causes"].found
    assert 4 == measures["unraisable_causes"].of


def test_any_is_counted_by_line_where_adapters_run(tmp_path: Path) -> None:
    text = "from typing import Any\n\n\ndef count(a: Any, b: Any) -> Many: ...\n"
    measures = _measured(
        tmp_path, {"adapters/parity_allennlp/stages.py": text, "adapters/parity_transformers/stages.py": text}
    )
    assert ("adapters/parity_allennlp/stages.py:1", "adapters/parity_allennlp/stages.py:4") == measures[
        "any"
    ].found
    assert 4 == measures["any_everywhere"].value


@pytest.mark.parametrize(
    ("definition", "line"),
    [
        ("def lonely(): ...", 1),
        ("def lonely():\n    return lonely()", 1),
        ("LONELY = 1", 1),
        ("class lonely: ...", 1),
        ('__all__ = ["lonely"]\n\n\ndef lonely(): ...', 4),
        ("def _lonely(): ...", None),
        ("lonely = 2\n_USED = getattr(parity, 'lonely', 1)", None),
        ("def lonely(): ...\n\n\n_USED = lonely", None),
        ("class lonely(ParityError):\n    slug = 'lonely'", None),
        ("@app.command()\ndef lonely(): ...", None),
        ("def compare(): ...", None),
    ],
)
def test_a_public_name_that_the_product_does_not_use_is_found(
    tmp_path: Path, definition: str, line: int | None
) -> None:
    found = _measured(
        tmp_path,
        {"parity/stages.py": definition, "tests/test_stages.py": "from parity.stages import lonely\n"},
    )
    expected = 0 if line is None else 1
    assert expected == found["unused_names"].value
    assert all(place.lower() == f"parity/stages.py:{line} lonely" for place in found["unused_names"].found)


def test_a_name_that_a_folder_only_passes_on_is_used_by_who_imports_it_from_there(tmp_path: Path) -> None:
    tokens, passed = "def align(): ...\n", "from parity.align.tokens import align\n"
    alone = _measured(tmp_path, {"parity/align/tokens.py": tokens, "parity/align/__init__.py": passed})
    assert ("parity/align/tokens.py:1 align",) == alone["unused_names"].found
    user = "from parity.align import align\n\n_USED = align\n"
    used = _measured(tmp_path, {"parity/session/feed.py": user})
    assert () == used["unused_names"].found


def test_a_member_that_a_protocol_declares_is_used(tmp_path: Path) -> None:
    protocol = "class _Cause(Protocol):\n    CASES: tuple\n"
    cases = CLEAN["parity/causes/dropout.py"] + "CASES = ()\n"
    assert 1 == _measured(tmp_path, {"parity/causes/dropout.py": cases})["unused_names"].value
    with_protocol = _measured(
        tmp_path, {"parity/causes/dropout.py": cases, "parity/causes/cause.py": protocol}
    )
    assert 0 == with_protocol["unused_names"].value


def test_a_folder_that_is_no_repository_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no Python file under parity/"):
        measure(tmp_path)


def test_the_command_fails_on_a_missed_goal_only_when_requested(tmp_path: Path) -> None:
    _measured(tmp_path, {"parity/stages.py": "def lonely(): ...\n"})
    command = [sys.executable, "-m", "tools.layout", "--root", str(tmp_path)]
    shown = subprocess.run([*command, "--list"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "    parity/stages.py:1 lonely" in shown.stdout.splitlines()
    assert "12 of 13 goals met" == shown.stdout.splitlines()[-1]
    failed = subprocess.run(
        [*command, "--json", "--fail"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert 1 == failed.returncode
    assert {"value": 1, "goal": 0, "ok": False} == {
        key: json.loads(failed.stdout)["unused_names"][key] for key in ("value", "goal", "ok")
    }
