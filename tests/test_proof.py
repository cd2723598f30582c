"""The proof's own machinery: what is drawn, what is kept, what a page shows, what a wrong twin is."""

# pyright: reportUnknownVariableType=false
# safetensors is typed in part only.

from __future__ import annotations

from pathlib import Path

import pytest

from proof.__main__ import _tenth  # pyright: ignore[reportPrivateUsage]
from proof.kept import Kept
from proof.page import page
from proof.table import Case, Row, Table, load_table, table_names


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Table:
    monkeypatch.setattr("proof.kept.FOLDER", tmp_path)
    return load_table("reload")


@pytest.mark.parametrize("name", table_names())
def test_every_table_has_a_title_what_is_expected_and_cases_of_unlike_names(name: str) -> None:
    table = load_table(name)
    assert table.title
    assert table.expected
    assert table.columns
    assert table.cases(0) == table.cases(0)


def test_a_tenth_is_rounded_up_and_the_same_for_a_seed_and_in_the_order_of_the_table() -> None:
    cases = [Case(f"case {number:02}") for number in range(41)]
    drawn = _tenth("heads", cases, 7)
    assert 5 == len(drawn)
    assert drawn == _tenth("heads", cases, 7)
    assert drawn == sorted(drawn, key=lambda case: case.name)
    assert drawn != _tenth("heads", cases, 8)


def test_every_case_is_drawn_by_some_seed() -> None:
    cases = [Case(f"case {number}") for number in range(20)]
    assert {case.name for case in cases} == {
        case.name for seed in range(200) for case in _tenth("heads", cases, seed)
    }


def test_a_row_that_was_kept_is_known_again_and_a_line_cut_off_by_a_kill_is_not(
    table: Table, tmp_path: Path
) -> None:
    first, second = Case("first"), Case("second", {"seed": 3})
    Kept(table, 0).keep(first, Row(("parity", "9")))
    path = tmp_path / "reload.jsonl"
    path.write_text(path.read_text(encoding="utf-8") + '{"digest": "', encoding="utf-8")
    Kept(table, 0).keep(second, Row(("divergent", "9"), "It differs."))
    kept = Kept(table, 0)
    assert Row(("parity", "9")) == kept.row(first)
    assert Row(("divergent", "9"), "It differs.") == kept.row(second)
    assert kept.row(Case("second", {"seed": 4})) is None


def test_a_row_of_another_seed_is_not_known(table: Table) -> None:
    Kept(table, 0).keep(Case("first"), Row(("parity", "9")))
    assert Kept(table, 1).row(Case("first")) is None


def test_a_page_shows_every_row_and_the_sentence_of_a_broken_one(table: Table) -> None:
    text = page(
        table, 0, [(Case("one|two"), Row(("parity", "9"))), (Case("three"), Row(("x", ""), "It\nis."))]
    )
    assert "| one\\|two | parity | 9 | yes |\n| three | x |  | **no**: It is. |\n" in text
    assert "2 cases, seed 0: 1 as expected, 1 not." in text


@pytest.mark.real
def test_a_wrong_twin_differs_in_what_was_named_and_in_nothing_else(tmp_path: Path) -> None:
    from safetensors.numpy import load_file

    from proof.tiny import build
    from proof.vary import vary

    model = build("BertForMaskedLM", tmp_path / "model")
    changed = vary(model, tmp_path / "twin", ["cls.predictions.transform.*.weight"], 1e-3, element=2)
    before = load_file(model / "model.safetensors")
    after = load_file(tmp_path / "twin" / "model.safetensors")
    assert before.keys() == after.keys()
    assert changed == [name for name in before if (before[name] != after[name]).any()]
    assert [1] * len(changed) == [int((before[name] != after[name]).sum()) for name in changed]


@pytest.mark.real
def test_a_change_that_meets_no_tensor_or_is_less_than_its_rounding_is_refused(tmp_path: Path) -> None:
    from proof.tiny import build
    from proof.vary import vary

    model = build("GPT2Model", tmp_path / "model")
    with pytest.raises(ValueError, match="No tensor of model is called lm_head"):
        vary(model, tmp_path / "one", ["lm_head.*"], 1e-3)
    with pytest.raises(ValueError, match="less than its rounding"):
        vary(model, tmp_path / "two", ["ln_f.weight"], 1e-12)


def test_a_page_sums_up_how_many_pairs_pass_a_multiple_of_the_floor() -> None:
    table = load_table("sizes")
    cases = [case for case in table.cases(0) if case.data["amount"] == 1e-6][:4]
    rows = [
        (case, Row(("1e-06", "divergent", "yes", cell, "x")))
        for case, cell in zip(cases, "0247", strict=True)
    ]
    text = page(table, 0, rows)
    assert (
        "| misses without float64 | 1 times | 2 times | 3 times | 5 times | 10 times | 20 times |\n" in text
    )
    assert "| 1e-06 | 25 % | 50 % | 50 % | 75 % | 100 % | 100 % |\n" in text


def test_what_depends_on_its_padding_by_design_is_no_false_alarm_of_a_multiple() -> None:
    table = load_table("architectures")
    pair = "padded to the longest, to max_length"
    cases = [case for case in table.cases(0) if case.data["pair"] == pair]
    high = [case for case in cases if str(case.data["architecture"]).startswith(("FNet", "XLNet"))]
    low = [case for case in cases if str(case.data["architecture"]).startswith("Bert")]
    rows = [(case, Row(("divergent", "9e+04", "", "", ""))) for case in high]
    rows += [(case, Row(("parity", "0.4", "", "", ""))) for case in low]
    assert f"| {pair} | 0 % | 0 % | 0 % | 0 % | 0 % | 0 % |" in table.summary(rows)
