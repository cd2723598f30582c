"""What is typed after `parity seeds`: a slip is a sentence before anything runs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer

from parity.cli.app import parity as command
from parity.errors import InputsNotFound, UnknownInputFormat, UsageError
from tests.parity.training.test_recipe import DEMO
from tests.seed_files import Files, audited, kinds


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files.of(tmp_path / "runs", examples=60)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (
            ("--margin", "5"),
            "--margin 5 is more than accuracy can be .1.. Give a share: 0.02 is two points.",
        ),
        (
            ("--metric", "brier", "--margin", "2.5"),
            "--margin 2.5 is more than brier can be .2.. Give 2 at most.",
        ),
        (("--churn-budget", "10"), "--churn-budget 10 is more than churn can be .1.. Give a share"),
        (("--alpha", "0.5"), "--alpha 0.5 is not a usable error rate"),
    ],
)
def test_a_limit_that_nothing_could_be_beyond_is_refused(
    files: Files, tmp_path: Path, options: tuple[str, ...], said: str
) -> None:
    with pytest.raises(UsageError, match=said):
        audited(tmp_path / "out", *files.runs(3), *options)


def test_an_nll_has_no_end_and_takes_any_margin(files: Files, tmp_path: Path) -> None:
    assert (
        "stable"
        == audited(tmp_path / "out", *files.runs(3), "--metric", "nll", "--margin", "5").audit.verdict
    )


@pytest.mark.parametrize("value", ["1e-300", "1e7", "0"])
def test_a_temperature_that_leaves_nothing_to_tell_apart_is_refused(
    files: Files, tmp_path: Path, value: str
) -> None:
    with pytest.raises(typer.BadParameter, match=value):
        audited(tmp_path / "out", *files.runs(3), "--temperature", value)


@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_a_temperature_at_either_end_is_measured(files: Files, tmp_path: Path) -> None:
    found = audited(tmp_path / "out", *files.runs(3), "--temperature", "1e-6", "--temperature", "1e6")
    assert [1e-6, 1e6] == [distance.temperature for distance in found.audit.arms[0].distances]


def test_no_help_and_no_next_step_promises_texts_that_a_seed_audit_does_not_have(
    files: Files, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert 0 == command.main(["seeds", "--help"], prog_name="parity", standalone_mode=False)
    said = capsys.readouterr().out
    assert "built-in" not in said and "stdin" not in said
    with pytest.raises(InputsNotFound) as gone:
        audited(tmp_path / "out", *files.runs(3), "--inputs", str(tmp_path / "gone.jsonl"))
    assert "Give --inputs a file that can be read." == gone.value.next_step
    (tmp_path / "rows.md").write_text("text", "utf-8")
    with pytest.raises(UnknownInputFormat) as strange:
        audited(tmp_path / "out", *files.runs(3), "--inputs", str(tmp_path / "rows.md"))
    assert "Use one of .txt, .jsonl, .ndjson, .csv, .tsv, .parquet, .conll, .iob." == strange.value.next_step


def test_slices_of_a_recipes_own_rows_are_named_in_the_recipe(tmp_path: Path) -> None:
    text = (DEMO / "recipe.toml").read_text("utf-8")
    for name in ("encoder", "train.jsonl", "evaluation.jsonl"):
        text = text.replace(json.dumps(name), json.dumps(str(DEMO / name)))
    path = tmp_path / "recipe.toml"
    for content, asked, parted in (
        (text.replace('slices = "wording"', ""), "wording", "no column splits them"),
        (text, "id", "'wording' splits them"),
    ):
        path.write_text(content, "utf-8")
        with pytest.raises(UsageError, match=parted) as caught:
            audited(tmp_path / "out", str(path), "--slices", asked)
        assert f'Write slices = "{asked}" under [data].' == caught.value.next_step


def test_any_column_of_the_inputs_may_part_them(files: Files, tmp_path: Path) -> None:
    inputs = tmp_path / "rows.jsonl"
    rows = [{"text": f"text {row % 2}", "label": label} for row, label in enumerate(files.labels)]
    inputs.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    for column, expected in (("text", 2), ("label", 3)):
        found = audited(tmp_path / column, *files.runs(3), "--inputs", str(inputs), "--slices", column)
        assert ([], expected) == (kinds(found.audit), len(found.audit.arms[0].slices))


@pytest.mark.parametrize(
    ("value", "error", "said"),
    [
        ("order", typer.BadParameter, "'order' is not NAME=K, such as order=3."),
        ("order=0", typer.BadParameter, "is not a whole number of 1 or more"),
        ("ordre=2", UsageError, "This recipe has no seed called 'ordre'."),
    ],
)
def test_a_seed_that_cannot_be_crossed_is_refused_before_anything_is_trained(
    tmp_path: Path, value: str, error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said) as caught:
        audited(tmp_path / "out", str(DEMO / "recipe.toml"), "--factor", value)
    if isinstance(caught.value, UsageError):
        assert (
            "Did you mean order? Its seeds are: init_seed, order_seed, dropout_seed."
            == caught.value.next_step
        )


def test_options_of_two_seeds_and_factors_are_crossed_alike(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--seeds moves every seed at once"):
        audited(tmp_path / "out", str(DEMO / "recipe.toml"), "--seeds", "2", "--factor", "dropout=2")
