"""`import parity`: its names, what they take, and what they return."""

from __future__ import annotations

import inspect as reading
import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import msgspec
import pytest

import parity
from parity.api.audits import as_audit, as_seed_audit
from parity.errors import (
    EmptyInputs,
    InputsError,
    MalformedLine,
    MissingColumn,
    PolicyError,
    RecordError,
    UnknownScheme,
)
from tests.audits import AUDITS
from tests.real.asking import ROOT

NAMES = [
    "Adapter",
    "Audit",
    "InputsSpec",
    "Inspection",
    "Managed",
    "Option",
    "ParityError",
    "Progress",
    "RunError",
    "SeedAudit",
    "Subject",
    "ThisInterpreter",
    "UsageError",
    "assert_parity",
    "check_adapter",
    "compare",
    "inspect",
    "load_audit",
    "pairing",
    "record",
    "seeds",
]
PORT = "hf:fixtures/port"


def _python(code: str, cwd: Path = ROOT, **variables: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=cwd,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def test_the_public_names_are_these() -> None:
    assert NAMES == parity.__all__
    assert set(NAMES) <= set(dir(parity))


def test_to_import_parity_imports_nothing_else() -> None:
    said = _python(
        "import sys; before = set(sys.modules); import parity; print(sorted(set(sys.modules) - before))"
    )
    assert {"parity"} == {name for name in re.findall(r"'([\w.]+)'", said) if name.startswith("parity")}
    assert "numpy" not in said


def test_no_module_takes_the_place_of_a_public_name() -> None:
    code = """
        import importlib, inspect, pkgutil
        import parity
        for module in pkgutil.walk_packages(parity.__path__, "parity."):
            if "_in_process" not in module.name and not module.name.endswith("__main__"):
                importlib.import_module(module.name)
        wrong = [name for name in parity.__all__ if inspect.ismodule(getattr(parity, name))]
        wrong += [name for name in parity.__all__ if not callable(getattr(parity, name))]
        print(wrong)
    """
    assert "[]\n" == _python(textwrap.dedent(code))


def test_a_name_that_there_is_not_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="'parity' has no attribute 'comapre'"):
        _ = parity.comapre


def _examples(name: str) -> list[str]:
    """The examples in a name's docstring: lines that are indented further than the rest."""
    doc = reading.getdoc(getattr(parity, name)) or ""
    return [textwrap.dedent(found) for found in re.findall(r"(?:^ {4}.+\n?)+", doc, re.MULTILINE)]


@pytest.mark.parametrize("name", NAMES)
def test_every_name_has_a_docstring_with_an_example(name: str) -> None:
    doc = reading.getdoc(getattr(parity, name)) or ""
    assert doc.splitlines()[0].endswith(".")
    assert ">>> " in doc or _examples(name)


@pytest.mark.real
@pytest.mark.long
@pytest.mark.parametrize("name", [name for name in NAMES if _examples(name)])
def test_an_example_runs_as_it_stands(name: str, tmp_path: Path) -> None:
    (tmp_path / "fixtures").symlink_to(ROOT / "fixtures")
    code = "import parity\n" + "\n".join(_examples(name))
    _python(code, cwd=tmp_path, PYTHONPATH=str(ROOT), PARITY_RUNS=str(tmp_path / "runs"))


WRONG_CALLS: list[tuple[dict[str, Any], type[parity.ParityError], str]] = [
    ({"reference": "hg:x"}, UnknownScheme, "Did you mean 'hf'"),
    ({"policy": "strict"}, PolicyError, "'strict' is not a policy"),
    ({"smaple": 3}, parity.UsageError, "no argument 'smaple'. Did you mean sample?"),
    ({"sample": 0}, parity.UsageError, "The argument sample: '0' is not a whole number of 1 or more."),
    ({"sample": 2.5}, parity.UsageError, "'2.5' is not a whole number"),
    ({"timeout": -1}, parity.UsageError, "The argument timeout: '-1' is not a number above 0."),
    ({"temperatures": [0]}, parity.UsageError, "The argument temperatures: '0' is not a number above 0."),
    ({"temperatures": []}, parity.UsageError, "temperatures is empty"),
    ({"seeds": "none.json"}, RecordError, "none.json cannot be read"),
    ({"inputs": []}, EmptyInputs, "The list of inputs is empty."),
    ({"inputs": {"text": "a"}}, InputsError, "Inputs cannot be a dict."),
    ({"inputs": 7}, InputsError, "Inputs cannot be an int."),
    ({"inputs": ["a", None]}, MalformedLine, "Item 2 of the list of inputs: it is a NoneType and the first is a text."),
    ({"inputs": [{"text": "a"}, "b"]}, MalformedLine, "Item 2 of the list of inputs: it is a str"),
    ({"inputs": [{1: "a"}]}, MalformedLine, "Item 1 of the list of inputs: 1 is not the name of a column."),
    ({"inputs": [{"text": "a"}, {"text": None}]}, MalformedLine, "a list given from Python, line 2: 'text' is null."),
    ({"inputs": [{"text": "a"}, {"txt": "b"}]}, MalformedLine, "line 2: 'text' is missing."),
    ({"inputs": [{"text": b"a"}]}, MalformedLine, "'text' is an object, not a text"),
    ({"inputs": [{"text": float("nan")}]}, MalformedLine, "'text' is a number, not a text"),
    ({"inputs": ["\ud800"]}, MalformedLine, "half of a surrogate pair"),
    ({"inputs": [{"body": "a"}]}, MissingColumn, "a list given from Python"),
]  # fmt: skip


@pytest.mark.parametrize(("arguments", "kind", "said"), WRONG_CALLS, ids=lambda value: str(value)[:40])
def test_a_wrong_call_is_a_sentence_before_anything_runs(
    arguments: dict[str, Any], kind: type[parity.ParityError], said: str
) -> None:
    call: dict[str, Any] = {"reference": PORT, "candidate": PORT, **arguments}
    with pytest.raises(kind) as caught:
        parity.compare(**call)
    assert said in str(caught.value)
    assert caught.value.next_step or kind in (MalformedLine, PolicyError)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"metric": "f1"}, "No metric is called 'f1'."),
        ({"margin": 5}, "--margin 5 is more than accuracy can be (1)."),
        ({"alpha": 0.5}, "--alpha 0.5 is not a usable error rate"),
        ({"executor": "dask"}, "'dask' is not an executor."),
        ({"jobs": 0}, "The argument jobs: '0'"),
        ({"seeds": 0}, "The argument seeds: '0'"),
        ({"sedes": 3}, "Did you mean seeds?"),
    ],
)
def test_a_wrong_seed_audit_is_a_sentence_before_anything_runs(arguments: dict[str, Any], said: str) -> None:
    with pytest.raises(parity.UsageError) as caught:
        parity.seeds("recipe.toml", **arguments)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    "name", ["parity", "equivalent", "inconclusive", "not_comparable", "divergent_at_layer"]
)
def test_an_audit_is_true_where_it_passed_and_its_text_says_why_not(name: str) -> None:
    audit = as_audit(AUDITS[name])
    assert (audit.exit_code == 0) is bool(audit) is audit.passed
    assert audit.verdict.replace("_", " ") in repr(audit).lower().replace("_", " ")
    assert audit.headline in repr(audit)


def test_an_audit_saves_itself_and_is_loaded_again(tmp_path: Path) -> None:
    audit = as_audit(AUDITS["divergent_at_layer"])
    written = audit.save(tmp_path / "a")
    assert {"audit.json", "report.html", "summary.md", "junit.xml"} == {path.name for path in written}
    assert audit == parity.load_audit(tmp_path / "a") == parity.load_audit(str(tmp_path / "a" / "audit.json"))
    assert {"report.html", "summary.md", "junit.xml"} == {path.name for path in audit.render(tmp_path / "b")}


def test_its_first_screen_is_that_of_the_report() -> None:
    audit = as_audit(AUDITS["divergent_at_layer"])
    assert audit.headline in audit.summary()
    assert "Where does it start?" in audit.summary()


def _in_a_notebook(audit: parity.Audit) -> str:
    html = audit._repr_html_()  # pyright: ignore[reportPrivateUsage]
    assert html is not None
    return html


def test_a_notebook_shows_the_first_screen_and_inputs_stay_text() -> None:
    html = _in_a_notebook(as_audit(AUDITS["divergent_at_layer"]))
    assert "Where does it start?" in html and "Divergent" in html
    hostile = msgspec.structs.replace(AUDITS["parity"], headline="<script>x</script>\u202e{0}")
    html = _in_a_notebook(as_audit(hostile))
    assert "<script>" not in html and "\u202e" not in html and "{0}" in html


def test_the_record_of_a_list_says_that_it_was_given_from_python(tmp_path: Path) -> None:
    from parity.api.given import given_inputs
    from parity.inputs.inputs import open_inputs

    rows: list[dict[str, object]] = [
        {"text": "a", "label": 1, "unread": object()},
        {"text": "b", "label": 0, "unread": [1]},
    ]
    opened = open_inputs(given_inputs(rows, tmp_path))
    (tmp_path / "file.jsonl").write_text('{"text": "a", "label": 1}\n{"text": "b", "label": 0}\n')
    same = open_inputs(parity.InputsSpec(str(tmp_path / "file.jsonl")))
    assert (same.digest, 2, 2) == (opened.digest, opened.count, opened.labelled)
    assert "a list given from Python" == opened.source


def test_numbers_of_numpy_are_labels(tmp_path: Path) -> None:
    import numpy as np

    from parity.api.given import given_inputs
    from parity.inputs.inputs import open_inputs

    rows: list[dict[str, object]] = [
        {"text": np.str_("a"), "label": np.int64(3)},
        {"text": "b", "label": np.float32(2)},
    ]
    (window,) = open_inputs(given_inputs(rows, tmp_path)).windows()
    assert [("a", "3"), ("b", "2")] == [(example.text, example.label) for example in window]


@pytest.mark.real
def test_a_pair_and_its_baseline_from_python(tmp_path: Path) -> None:
    texts = ["A fine film.", "A dull one.", "Neither."]
    seen: list[str] = []
    audit = parity.compare(PORT, PORT, texts, progress=lambda done: seen.append(done.what))
    assert audit and "parity" == audit.verdict
    assert (3, "a list given from Python") == (audit.inputs.count, audit.inputs.source)
    assert f"parity.compare('{PORT}', '{PORT}', inputs=<a list of 3>, policy='faithful')" == audit.command
    assert "comparing" in seen
    trace = tmp_path / "golden.trace"
    assert parity.record(PORT, trace, texts).startswith("sha256:")
    assert parity.compare(f"trace:{trace}", PORT)


def test_a_seed_audit_of_runs_that_exist_is_true_where_it_passed(tmp_path: Path) -> None:
    from tests.seed_files import Files

    files = Files.of(tmp_path / "runs", examples=60)
    audit = parity.seeds(files.runs(3), margin=0.2, jobs=2)
    assert audit and "stable" == audit.verdict
    assert {"audit.json", "report.html"} <= {path.name for path in audit.save(tmp_path / "out")}
    assert audit == parity.load_audit(tmp_path / "out") == as_seed_audit(audit)
    assert audit.headline in audit.summary()
