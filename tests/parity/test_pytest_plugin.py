"""The pytest plugin, in a pytest of its own: what passes, what fails and with which words, what is left behind."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import numpy as np
import pytest

from tests.real.asking import ROOT

pytest_plugins = ["pytester"]

TESTS = """
import parity


def test_the_same_model_passes(assert_parity):
    audit = assert_parity("hf:{port}", "hf:{port}", inputs=["a fine film", "a dull one"])
    assert audit.verdict == "parity"


def test_another_model_fails(assert_parity):
    assert_parity("hf:{port}", "hf:{wrong}", inputs=["a fine film", "a dull one"])


def test_what_could_not_be_compared_fails(assert_parity):
    assert_parity("outputs:{silent}", "outputs:{silent}")


def test_what_cannot_be_run_fails():
    parity.assert_parity("outputs:{silent}", "outputs:none.npz")


def test_the_function_writes_where_it_is_told():
    parity.assert_parity("outputs:{right}", "outputs:{right}", out="{out}")


def test_an_audit_is_an_assertion_too():
    assert parity.compare("outputs:{right}", "outputs:{flipped}")
"""


def _plugin() -> list[str]:
    """Nothing where the entry point is installed; a source tree beside an older installation names the plugin itself."""
    installed = any(entry.name == "parity" for entry in entry_points(group="pytest11"))
    return [] if installed else ["-p", "parity.pytest_plugin"]


def _outputs(folder: Path, name: str, logits: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> Path:
    path = folder / f"{name}.npz"
    np.savez(path, logits=logits, classes=np.array(["a", "b"]))
    return path


def test_the_entry_point_is_declared() -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert {"parity": "parity.pytest_plugin"} == project["entry-points"]["pytest11"]


def test_the_plugin_imports_nothing_for_tests_that_do_not_use_it() -> None:
    code = (
        "import sys, pytest, importlib, importlib.metadata; before = set(sys.modules); import parity.pytest_plugin\n"
        "print(sorted(set(sys.modules) - before))"
    )
    said = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    ).stdout
    assert "['parity', 'parity.pytest_plugin']\n" == said


@pytest.mark.real
def test_a_difference_fails_with_the_first_screen_and_the_reports_path(
    pytester: pytest.Pytester, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port, wrong = ROOT / "fixtures" / "port", tmp_path / "wrong"
    shutil.copytree(port, wrong)
    config = json.loads((wrong / "config.json").read_text("utf-8"))
    (wrong / "config.json").write_text(json.dumps({**config, "layer_norm_eps": 1e-3}), "utf-8")
    right = np.random.default_rng(1).normal(size=(8, 2))
    paths = {
        "port": port,
        "wrong": wrong,
        "silent": _outputs(tmp_path, "silent", np.full((4, 2), np.nan)),
        "right": _outputs(tmp_path, "right", right),
        "flipped": _outputs(tmp_path, "flipped", -right),
        "out": tmp_path / "out",
    }
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    pytester.makepyfile(TESTS.format(**paths))
    kept = tmp_path / "kept"
    result = pytester.runpytest_subprocess(*_plugin(), f"--basetemp={kept}", "-p", "no:cacheprovider")
    result.assert_outcomes(passed=2, failed=4)
    said = result.stdout.str()
    (report,) = kept.glob("test_another_model_fails0/parity-audit/report.html")
    assert f"The report: {report}" in said
    assert "Divergent from embeddings on" in said and "Where does it start?" in said
    assert "SubjectNotFound" in said
    assert "<Audit Divergent" in said
    assert list(kept.glob("test_what_could_not*/parity-audit/report.html"))
    assert (tmp_path / "out" / "report.html").is_file()
