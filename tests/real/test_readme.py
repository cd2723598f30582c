"""The commands of the README and of docs/: those without words in capitals run as they stand, in a folder that holds what a clone holds."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from tests.real.asking import ROOT

_PAGES = [
    ROOT / "README.md",
    *sorted((ROOT / "docs").glob("[!p]*.md")),
]  # proof-*.md and policies.md hold no command
_PATTERN = re.compile(r"\b[A-Z]{3,}\b")  # a word in capitals stands for the reader's own


def _commands() -> list[str]:
    """The lines of the pages' code blocks that call parity or Python, without their comments."""
    text = "\n".join(page.read_text(encoding="utf-8") for page in _PAGES)
    blocks = re.findall(r"^```\w*\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    lines = [line.partition("  #")[0].strip() for block in blocks for line in block.splitlines()]
    return [line for line in lines if line.startswith(("parity ", "python "))]


def _is_a_pattern(command: str) -> bool:
    return _PATTERN.search(command) is not None


def test_the_readme_has_its_commands_and_few_of_them_are_patterns() -> None:
    commands = _commands()
    assert {"compare", "record", "inspect", "report", "env", "seeds"} == {
        line.split()[1] for line in commands if line.startswith("parity ")
    }
    assert [
        "parity compare hf:FOLDER onnx:EXPORT --inputs TEXTS.jsonl",
        "parity compare hf:MERGED hf:ADAPTER --inputs TEXTS.jsonl",
        'parity compare "hf:FOLDER?pooling=mean" st:FOLDER --inputs TEXTS.jsonl',
        "parity compare hf:MODEL hf:PORT --inputs PROMPTS.txt --generate 40",
        'parity compare "hf:MODEL?batch_size=1" "hf:MODEL?batch_size=16" --inputs PROMPTS.txt',
        "parity compare hf:MODEL outputs:SERVED.jsonl",
        "parity compare hf:MODEL outputs:SERVED.jsonl --generate 32",
        "parity seeds RUN RUN RUN --inputs FILE --factors CSV",
        "parity seeds hf:RUN hf:RUN hf:RUN --inputs TEXTS.txt --margin 0.5",
        "parity seeds hf:RUN hf:RUN hf:RUN --inputs CHOICES.jsonl --metric nll",
        'parity seeds "hf:RUN?pooling=mean" "hf:RUN?pooling=mean" "hf:RUN?pooling=mean" --inputs PAIRS.jsonl',
    ] == list(filter(_is_a_pattern, commands))


def test_what_a_command_names_is_in_the_repository() -> None:
    named = set(re.findall(r"fixtures/[\w./-]+", "\n".join(_commands())))
    assert {"fixtures/port", "fixtures/recipe/candidate.toml"} <= named
    assert [] == [name for name in sorted(named) if not (ROOT / name).exists()]


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what the commands name, in which they leave what they leave."""
    place = tmp_path_factory.mktemp("clone")
    (place / "fixtures").symlink_to(ROOT / "fixtures")
    (place / ".venv").symlink_to(Path(sys.prefix))
    return place


def _python_blocks() -> list[str]:
    return re.findall(
        r"^```python\n(.*?)^```$", _PAGES[0].read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )


def test_the_readme_shows_a_call_and_a_test() -> None:
    calls, tests = _python_blocks()
    assert "parity.compare(" in calls
    assert "def test_" in tests


@pytest.mark.real
@pytest.mark.readme
@pytest.mark.parametrize("block", _python_blocks(), ids=["calls", "tests"])
def test_the_readmes_python_runs_as_it_stands(block: str, clone: Path) -> None:
    path = clone / "test_block.py"
    path.write_text(block, encoding="utf-8")
    installed = any(entry.name == "parity" for entry in entry_points(group="pytest11"))
    plugin = [] if installed else ["-p", "parity.pytest_plugin"]
    words = ["-m", "pytest", "-q", *plugin, path.name] if "def test_" in block else [path.name]
    done = subprocess.run(
        [sys.executable, *words],
        cwd=clone,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert 0 == done.returncode, done.stdout + done.stderr
    if "def test_" in block:
        assert "1 passed" in done.stdout


@pytest.mark.real
@pytest.mark.slow
@pytest.mark.readme
@pytest.mark.parametrize("command", [line for line in _commands() if not _is_a_pattern(line)])
def test_a_command_of_the_readme_runs_as_it_stands(command: str, clone: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PARITY_RUNS": str(clone / "runs")}
    for part in command.split(" && "):
        name, *arguments = shlex.split(part)
        words = [sys.executable, *(["-m", "parity"] if name == "parity" else []), *arguments]
        done = subprocess.run(
            words, cwd=clone, env=environment, capture_output=True, text=True, timeout=600, check=False
        )
        assert done.returncode in {0, 1}, done.stderr
        assert "Traceback" not in done.stderr
