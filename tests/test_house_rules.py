"""The rules between packages, and the rules of the texts, read from the source."""

from __future__ import annotations

import ast
import importlib.util
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools.layout import Measures, measure
from tools.layout.causes import published
from tools.layout.tree import Tree
from tools.schema import SCHEMA, schema

ROOT = Path(__file__).parent.parent
FRAMEWORKS = {"torch", "transformers", "allennlp", "allennlp_models"}
PURE = ("align", "measure", "statistics")
PURE_FILES = ("pair_audit/judge.py", "pair_audit/verdict.py")
IMPURE = {"subprocess", "pathlib", "typer", "click", "jinja2"}


def _imports(path: Path, *, for_types: bool = True) -> Iterator[str]:
    """What a file imports by full names; without `for_types` only what it imports when it runs."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    blocks = [node for node in ast.walk(tree) if isinstance(node, ast.If)]
    blocks = [node for node in blocks if isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"]
    unused = {id(inner) for node in blocks for part in node.body for inner in ast.walk(part)}
    for node in ast.walk(tree):
        if id(node) in unused and not for_types:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module


def _roots(path: Path) -> set[str]:
    return {name.partition(".")[0] for name in _imports(path)}


def _files(*parts: str) -> list[Path]:
    found = sorted(ROOT.joinpath(*parts).rglob("*.py"))
    assert found, f"no Python file under {'/'.join(parts)}"
    return found


@pytest.fixture(scope="module")
def layout() -> Measures:
    """The measures of this repository: levels, circles, sizes, names and parts that nothing uses."""
    return measure(ROOT)


@pytest.mark.parametrize(
    "key",
    [
        "packages",
        "imports",
        "upward",
        "unplaced",
        "circles",
        "long_files",
        "wide_functions",
        "naming_same_ids",
        "naming_macro_f1",
        "naming_adapters",
        "unraisable_causes",
        "any",
        "unused_names",
    ],
)
def test_the_layout_keeps_to_its_goals(layout: Measures, key: str) -> None:
    measured = layout[key]
    assert measured.ok, f"{measured.title}: {measured.value}, {', '.join(measured.found)}"


def test_every_goal_of_the_layout_is_tested(layout: Measures) -> None:
    (mark,) = test_the_layout_keeps_to_its_goals.pytestmark  # type: ignore[attr-defined]
    assert [item.key for item in layout.all if item.goal is not None] == mark.args[1]


def test_a_cause_is_named_in_its_own_file_and_in_the_table_for_older_records_only() -> None:
    tree = Tree(ROOT)
    names = set(published(tree))
    naming = {
        module.path
        for module in tree.modules.values()
        if not module.name.startswith("parity.causes.") and names & set(module.strings())
    }
    assert {"reports/parity_reports/compare/older_records.py"} == naming


@pytest.mark.parametrize("path", _files("parity"), ids=lambda path: str(path.relative_to(ROOT)))
def test_the_instrument_imports_no_framework_and_no_adapter(path: Path) -> None:
    if "_in_process" in path.parts:
        return
    roots = _roots(path)
    assert set() == roots & FRAMEWORKS
    assert set() == {root for root in roots if root.startswith("parity_")}


@pytest.mark.parametrize("path", _files("parity", "_in_process"), ids=lambda path: path.name)
def test_what_a_foreign_interpreter_runs_imports_the_standard_library_numpy_and_torch(path: Path) -> None:
    foreign = _roots(path) - set(sys.stdlib_module_names) - {"numpy", "torch", "__future__"}
    assert set() == foreign


@pytest.mark.parametrize("path", _files("parity", "_in_process"), ids=lambda path: path.name)
def test_no_module_of_the_foreign_side_bears_the_name_of_an_installed_package(path: Path) -> None:
    assert importlib.util.find_spec(path.stem) is None


@pytest.mark.parametrize(
    "path",
    [file for room in PURE for file in _files("parity", room)]
    + [ROOT / "parity" / name for name in PURE_FILES],
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_what_measures_and_judges_touches_no_files_and_no_processes(path: Path) -> None:
    assert set() == _roots(path) & IMPURE


@pytest.mark.parametrize(
    "path", sorted((ROOT / "adapters").glob("*/__init__.py")), ids=lambda path: path.parent.name
)
def test_a_declaration_imports_no_framework(path: Path) -> None:
    assert set() == _roots(path) & FRAMEWORKS


@pytest.mark.parametrize(
    "path", sorted((ROOT / "adapters").glob("*/*.py")), ids=lambda path: f"{path.parent.name}/{path.name}"
)
def test_nothing_that_runs_in_a_foreign_interpreter_imports_parity(path: Path) -> None:
    if path.name == "__init__.py":
        return
    assert [] == [name for name in _imports(path, for_types=False) if name.startswith("parity")]
    of_parity = {name.rpartition(".")[0] for name in _imports(path) if name.startswith("parity")}
    assert of_parity <= {"parity._in_process"}


@pytest.mark.parametrize("path", _files("reports"), ids=lambda path: path.name)
def test_reports_see_records_and_the_table_of_stages_only(path: Path) -> None:
    allowed = {"parity.errors", "parity.stages"}
    assert set() == {
        name
        for name in _imports(path)
        if name.split(".")[0] == "parity" and not name.startswith("parity.records.") and name not in allowed
    }
    assert set() == _roots(path) & (FRAMEWORKS | {"subprocess"})


_OF_THE_COMMAND_LINE = {  # what a command may use beside the public names: words, checks of values, the folder that it leaves
    "parity.api.values",
    "parity.records.audit_folder",
    "parity.errors",
    "parity.metrics",
    "parity.metrics.registry",
    "parity.records.failure",
    "parity.records.shown_paths",
    "parity.subjects.adapter",  # the examples of subjects that adapters declare
}


@pytest.mark.parametrize("path", _files("parity", "cli"), ids=lambda path: path.name)
def test_the_command_line_calls_the_public_names_and_nothing_else(path: Path) -> None:
    found = {
        name for name in _imports(path) if name.startswith("parity.") and not name.startswith("parity.cli")
    }
    if path.name == "env.py":  # environments are no matter of an audit, and have no public names
        found -= {"parity.environments.managed", "parity.environments.resolve"}
    assert set() == found - _OF_THE_COMMAND_LINE


def test_no_template_names_an_address() -> None:
    for template in sorted((ROOT / "reports").rglob("*.j2")):
        text = template.read_text(encoding="utf-8")
        assert "http://" not in text.replace("http://www.w3.org/", "")
        assert "https://" not in text


def test_a_source_root_is_no_package_and_all_its_packages_are_in_the_wheel() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    listed = set(project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"])
    for root in ("adapters", "reports"):
        assert not (ROOT / root / "__init__.py").exists()
        packages = {f"{root}/{path.parent.name}" for path in (ROOT / root).glob("parity_*/__init__.py")}
        assert packages <= listed


def test_the_foreign_side_parses_as_python_3_8() -> None:
    foreign = _files("parity", "_in_process") + [
        path for path in sorted((ROOT / "adapters").glob("*/*.py")) if path.name != "__init__.py"
    ]
    for path in foreign:
        ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, 8))


@pytest.mark.parametrize(
    "command", [(), ("compare",), ("record",), ("inspect",), ("seeds",), ("report",), ("env", "build")]
)
def test_help_imports_nothing_slow(command: tuple[str, ...]) -> None:
    code = (
        f"import sys; sys.argv=['parity', *{command!r}, '--help']\n"
        "from parity.cli.app import main\n"
        "try: main()\nexcept SystemExit: pass\n"
        "print([name for name in ('numpy','torch','transformers','scipy','rich','pyarrow','jinja2','pydantic') if name in sys.modules])"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert "[]" == said.splitlines()[-1]


def test_every_option_of_every_adapter_is_in_the_page_about_subjects() -> None:
    from parity.subjects.adapter import adapters

    page = (ROOT / "docs" / "subjects.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([\w-]+):` \|.*\| `([\w .*]+)` \|$", page, re.MULTILINE)
    ours = {
        scheme: {option.name for option in adapter.options}
        for scheme, adapter in adapters().items()
        if ROOT in adapter.runner.parents
    }
    assert ours == {scheme: set(names.split()) for scheme, names in rows}


def test_every_error_slug_is_explained_in_the_page_about_errors() -> None:
    from parity.errors import ParityError

    page = (ROOT / "docs" / "errors.md").read_text(encoding="utf-8")

    def family(root: type[ParityError]) -> Iterator[type[ParityError]]:
        for child in root.__subclasses__():
            yield child
            yield from family(child)

    assert [] == [error.slug for error in family(ParityError) if f"`{error.slug}`" not in page]


def test_the_schema_in_the_repository_is_the_one_of_the_records() -> None:
    assert schema() == json.loads(SCHEMA.read_text(encoding="utf-8")), "run python -m tools.schema"


NEVER = {  # a phrase that is never plain English here, and what to write
    r"mend(s|ed|ing)?": "fix",
    r"makes? nothing of": "produces no tokens",
    r"model (minds|does not mind)": "changes its output",
    r"((parts|parted) (them|the two)|parted by)": "splits, differ",
    r"(of|on) its own accord": "by itself",
    r"nobody's": "has no owner",
    r"(?<!there\s)(is|are) no (numbers?|policy|seed|whole|temperature|format|mistake|package|share|logits|grid|docstring)": "is not a …",
    r"cannot be told": "is unknown",
    r"unless (said|told)": "by default",
    r"own affair": "does not matter",
    r"in no mean": "excluded from every mean",
    r"to the bit": "bit for bit",
    r"undo it and run": "revert it and run",
    r"what became of": "the outcome of",
}
_TEXTS = sorted(
    path
    for pattern in (
        "parity/**/*.py",
        "adapters/**/*.py",
        "reports/**/*.py",
        "reports/**/*.j2",
        "tools/**/*.py",
        "docs/[!p]*.md",
        "docs/policies.md",
        "*.md",
    )
    for path in ROOT.glob(pattern)
)


@pytest.mark.parametrize("phrase", NEVER)
def test_a_sentence_is_plain_english(phrase: str) -> None:
    words = re.compile(rf"\b{phrase}\b".replace(" ", r"\s+"), re.IGNORECASE)
    found = [
        f"{path.relative_to(ROOT)}:{text.count(chr(10), 0, match.start()) + 1}: write '{NEVER[phrase]}'"
        for path in _TEXTS
        for text in [path.read_text(encoding="utf-8")]
        for match in words.finditer(text)
    ]
    assert [] == found
