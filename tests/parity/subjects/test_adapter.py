"""Adapters: found by entry point, loaded one by one, their options checked before anything runs."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest

from parity.errors import BadOptionValue, SubjectError, UnknownOption, UnknownScheme
from parity.subjects.adapter import Adapter, Option, adapters, check_options, examples, find_adapter, schemes
from parity.subjects.subject import parse_subject

_ADAPTER = Adapter(
    "toy",
    Path("runner.py"),
    options=(
        Option("dtype", "choice", "The precision.", choices=("float32", "bfloat16")),
        Option("batch_size", "integer", "Rows at a time."),
        Option("temperature", "positive", "Divides the logits."),
        Option("most", "count", "At most so many."),
        Option("shift", "number", "Added to the logits."),
        Option("place", "folder", "Another folder."),
        Option("trust", "flag", "Whether to run its code."),
        Option("tokenizer", "path", "Another tokenizer."),
        Option("device", "text", "Where to run."),
        Option("config.*", "text", "A setting of the model."),
    ),
)


def _install(folder: Path, name: str, entry_points: str, module: str = "") -> None:
    """A package as an installer leaves it: one module, and its metadata with the entry points."""
    (folder / f"{name}.py").write_text(module)
    metadata = folder / f"{name}-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(f"[parity.adapters]\n{entry_points}\n")


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder on the import path, where packages can be installed."""
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    importlib.invalidate_caches()
    return tmp_path


def _checked(query: str) -> dict[str, str]:
    return check_options(_ADAPTER, parse_subject(f"toy:m?{query}"))


def test_an_adapter_is_found_by_the_entry_point_of_its_scheme(installed: Path) -> None:
    declaration = "from pathlib import Path\nfrom parity.subjects.adapter import Adapter\nit = Adapter('tin', Path('r.py'))\n"
    _install(installed, "tin_package", "tin = tin_package:it", declaration)
    assert Adapter("tin", Path("r.py")) == find_adapter(parse_subject("tin:model"))
    assert "tin" in schemes()


def test_every_adapter_of_parity_is_found_in_the_same_way() -> None:
    found = adapters()
    assert {"allennlp", "hf", "outputs", "trace"} <= set(found)
    assert list(found) == [adapter.scheme for adapter in found.values()]
    assert all(adapter.runner.is_file() for adapter in found.values())


def test_every_example_of_an_adapter_is_a_subject_of_its_scheme_with_options_that_it_has() -> None:
    for scheme, adapter in adapters().items():
        assert adapter.examples, scheme
        for text in adapter.examples:
            subject = parse_subject(text.strip('"'))
            assert scheme == subject.scheme
            check_options(adapter, subject)


def test_the_examples_are_those_of_the_adapters_that_load(installed: Path) -> None:
    declaration = (
        "from pathlib import Path\nfrom parity.subjects.adapter import Adapter\n"
        "it = Adapter('tin', Path('r.py'), examples={'tin:can': 'a can'})\n"
    )
    _install(installed, "examples_package", "tin = examples_package:it", declaration)
    _install(installed, "broken_examples", "broken = broken_examples:it", "raise RuntimeError\n")
    found = examples()
    assert "a can" == found["tin:can"]
    assert "a folder, or a hub id" == found["hf:./model"]


def test_an_unknown_scheme_is_told_the_nearest(installed: Path) -> None:
    _install(installed, "near_package", "nearby = near_package:it")
    with pytest.raises(UnknownScheme) as caught:
        find_adapter(parse_subject("neerby:./m"))
    assert "No adapter is called 'neerby' (in neerby:./m)." == caught.value.sentence
    assert caught.value.next_step.startswith("Did you mean 'nearby'? The schemes are: ")


@pytest.mark.parametrize(
    ("declaration", "reason"),
    [
        ("raise RuntimeError('half installed')", "does not load: RuntimeError: half installed"),
        ("it = 3", "is int, not an Adapter"),
        ("", "does not load: AttributeError"),
    ],
)
def test_an_adapter_that_does_not_load_is_named_with_its_package(
    installed: Path, declaration: str, reason: str
) -> None:
    name = f"broken_{abs(hash(declaration))}"  # a module is imported once a process
    _install(installed, name, f"broken = {name}:it", declaration)
    with pytest.raises(SubjectError) as caught:
        find_adapter(parse_subject("broken:m"))
    assert reason in caught.value.sentence
    assert name in caught.value.sentence


def test_one_scheme_claimed_by_two_packages_is_refused(installed: Path) -> None:
    _install(installed, "first_package", "ours = first_package:it")
    _install(installed, "second_package", "ours = second_package:it")
    with pytest.raises(SubjectError, match="Two adapters are called 'ours'"):
        find_adapter(parse_subject("ours:m"))


@pytest.mark.parametrize(
    ("query", "received"),
    [
        ("dtype=bfloat16", {"dtype": "bfloat16"}),
        ("batch_size= 16", {"batch_size": "16"}),
        ("temperature=1.70", {"temperature": "1.7"}),
        ("temperature=1e-6", {"temperature": "1e-06"}),
        ("most=1", {"most": "1"}),
        ("shift=-0.5", {"shift": "-0.5"}),
        ("place=/", {"place": "/"}),
        ("trust=Yes", {"trust": "true"}),
        ("trust=0&device=cuda:1", {"trust": "false", "device": "cuda:1"}),
        ("tokenizer=/", {"tokenizer": "/"}),
        ("config.layer_norm_eps=1e-5", {"config.layer_norm_eps": "1e-5"}),
        ("config.text_config.n-layers=2", {"config.text_config.n-layers": "2"}),
    ],
)
def test_options_are_received_checked_and_in_one_spelling(query: str, received: dict[str, str]) -> None:
    assert received == _checked(query)


def test_what_divides_and_what_counts_is_above_zero_in_every_adapter() -> None:
    kinds = {
        (option.name, option.kind)
        for adapter in adapters().values()
        for option in adapter.options
        if option.name in ("temperature", "batch_size", "max_length", "repeat", "train_threads")
    }
    assert {
        ("temperature", "positive"),
        *((name, "count") for name in ("batch_size", "max_length", "repeat", "train_threads")),
    } == kinds


def test_an_unknown_option_is_told_the_nearest() -> None:
    with pytest.raises(UnknownOption) as caught:
        _checked("btach_size=3")
    assert "toy: has no option 'btach_size' (in toy:m?btach_size=3)." == caught.value.sentence
    assert caught.value.next_step.startswith("Did you mean 'batch_size'? Its options are: dtype, ")


@pytest.mark.parametrize("name", ["config", "config.", "config..x", "config.x.", "configs.x", "config.*"])
def test_a_group_of_settings_takes_the_name_of_a_setting_and_nothing_else(name: str) -> None:
    with pytest.raises(UnknownOption) as caught:
        _checked(f"{name}=3")
    assert caught.value.next_step.endswith("device, config.KEY.")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("dtype=float23", "Did you mean 'float32'? It is one of: float32, bfloat16."),
        ("batch_size=many", "Write a whole number, such as 128."),
        ("batch_size=1.5", "Write a whole number, such as 128."),
        ("shift=nan", "Write a number, such as 1.5."),
        ("shift=inf", "Write a number, such as 1.5."),
        ("temperature=nan", "Write a number of 1e-06 or more, such as 1.5."),
        ("temperature=0", "Write a number of 1e-06 or more, such as 1.5."),
        ("temperature=-1", "Write a number of 1e-06 or more, such as 1.5."),
        ("temperature=1e-320", "Write a number of 1e-06 or more, such as 1.5."),
        ("most=0", "Write a whole number of 1 or more, such as 128."),
        ("most=-1", "Write a whole number of 1 or more, such as 128."),
        (f"place={__file__}", "Write the path of a folder that exists; this one does not exist."),
        ("trust=perhaps", "Write true or false."),
        (
            "tokenizer=/no/such/place",
            "Write the path of a file or folder that exists; this one does not exist.",
        ),
        ("device=", "Write a value after the = sign."),
        ("config.layer_norm_eps=", "Write a value after the = sign."),
    ],
)
def test_a_value_that_does_not_fit_is_told_what_does(query: str, expected: str) -> None:
    with pytest.raises(BadOptionValue) as caught:
        _checked(query)
    assert expected == caught.value.next_step
