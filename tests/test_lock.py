"""The lock on behaviour: what is normalised of a recording, what is reported as a difference, and what is expected."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tools.lock.cases import CASES
from tools.lock.difference import Expected, compare_folders, read_expected
from tools.lock.normal import normal_lines, write_places

AUDIT: dict[str, Any] = {
    "verdict": "parity",
    "stages": [
        {"stage": "embeddings", "pass": "own", "relative_l2": 1.25e-07},
        {"stage": "layer.0", "pass": "own", "relative_l2": 2.5e-07},
    ],
    "provenance": {
        "parity": "0.1.0",
        "started": "2026-01-02T03:04:05+00:00",
        "seconds": 1.5,
        "cpu_seconds": {"comparer": 0.1},
    },
    "command": "parity compare /tmp/work/a hf:b",
}


def recording(
    folder: Path, audit: dict[str, Any] = AUDIT, *, place: str = "/tmp/work", printed: str = "Parity.\n"
) -> Path:
    """A recording of one case, made by hand."""
    (folder / "case").mkdir(parents=True)
    (folder / "case" / "audit.json").write_text(json.dumps(audit), "utf-8")
    (folder / "case" / "terminal.txt").write_text(printed, "utf-8")
    write_places(folder, {"work": place})
    return folder


def edited(**fields: Any) -> dict[str, Any]:
    return {**AUDIT, **fields}


def test_a_recording_does_not_differ_from_one_of_another_time_and_place(tmp_path: Path) -> None:
    provenance = {
        "parity": "0.2.0",
        "started": "2027-01-01T00:00:00+00:00",
        "seconds": 9.5,
        "cpu_seconds": {"comparer": 0.7},
    }
    other = edited(provenance=provenance, command="parity compare /srv/x/a hf:b")
    found = compare_folders(recording(tmp_path / "a"), recording(tmp_path / "b", other, place="/srv/x"))
    assert () == found.texts


def test_a_number_that_moved_in_its_last_digit_is_reported_with_its_path(tmp_path: Path) -> None:
    stages = [AUDIT["stages"][0], {**AUDIT["stages"][1], "relative_l2": 2.5000000000000004e-07}]
    found = compare_folders(recording(tmp_path / "a"), recording(tmp_path / "b", edited(stages=stages)))
    (text,) = found.texts
    assert "-stages[layer.0 own].relative_l2 = 2.5e-07" in text
    assert "+stages[layer.0 own].relative_l2 = 2.5000000000000004e-07" in text


def test_a_file_of_one_side_only_is_reported(tmp_path: Path) -> None:
    before, after = recording(tmp_path / "a"), recording(tmp_path / "b")
    (after / "case" / "terminal.txt").unlink()
    (after / "case" / "empty.md").write_text("", "utf-8")
    texts = "\n".join(compare_folders(before, after).texts)
    assert "NOT THERE after/case/terminal.txt" in texts
    assert "NOT THERE before/case/empty.md" in texts


def test_nothing_recorded_is_an_error_and_not_equal(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    with pytest.raises(ValueError, match="nothing was recorded"):
        compare_folders(tmp_path / "a", tmp_path / "b")
    with pytest.raises(ValueError, match="nothing was recorded"):
        compare_folders(recording(tmp_path / "c"), recording(tmp_path / "d"), cases=["another"])


def test_an_expected_line_is_counted_and_does_not_hide_its_neighbour(tmp_path: Path) -> None:
    expected = Expected("ca*", "audit.json", "a new field", line=r"^[+]rows_sampled = \d+$")
    before = recording(tmp_path / "a")
    found = compare_folders(before, recording(tmp_path / "b", edited(rows_sampled=32)), [expected])
    assert ((), 1) == (found.texts, found.expected[expected])
    both = edited(command="parity compare other", rows_sampled=32)
    (text,) = compare_folders(before, recording(tmp_path / "c", both), [expected]).texts
    assert "+command = " in text


def test_expected_words_must_come_out_as_they_are_after(tmp_path: Path) -> None:
    expected = Expected("*", "terminal.txt", "plain English", before=r"said (\d+)", after=r"reported \1")
    before = recording(tmp_path / "a", printed="It said 7.\n")
    found = compare_folders(before, recording(tmp_path / "b", printed="It reported 7.\n"), [expected])
    assert ((), 1) == (found.texts, found.expected[expected])
    (text,) = compare_folders(before, recording(tmp_path / "c", printed="It reported 8.\n"), [expected]).texts
    assert "-It reported 7.\n+It reported 8." in text


def test_only_the_clocks_of_the_page_are_normalised(tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    row = '<tr><th scope="row"><bdi>{}</bdi></th><td><bdi>{}</bdi></td></tr>'
    page.write_text(row.format("seconds", "7.186") + row.format("processors", "2"), "utf-8")
    lines = normal_lines(page, {})
    assert "<td><clock></td>" in lines
    assert "<td>2</td>" in lines
    assert not any("7.186" in line for line in lines)


def test_a_digest_is_normalised_where_parameters_are_random_and_only_there(tmp_path: Path) -> None:
    def sides(digest: str, other: str) -> dict[str, Any]:
        random = {"weights_digest": digest, "newly_initialised": ["pooler.weight"]}
        return edited(reference=random, candidate={"weights_digest": other, "newly_initialised": []})

    before = recording(tmp_path / "a", sides("sha256:12", "sha256:7"), printed="sha256:12")
    after = recording(tmp_path / "b", sides("sha256:34", "sha256:7"), printed="sha256:34")
    assert () == compare_folders(before, after).texts
    other = recording(tmp_path / "c", sides("sha256:12", "sha256:8"), printed="sha256:12")
    (text,) = compare_folders(before, other).texts
    assert '+candidate.weights_digest = "sha256:8"' in text


@pytest.mark.parametrize(
    "entry", ['line = "x"\nbefore = "y"\nafter = "z"', 'before = "y"', 'lines = "x"', ""]
)
def test_an_expectation_that_is_not_one_is_refused(entry: str, tmp_path: Path) -> None:
    path = tmp_path / "expected.toml"
    path.write_text(f'[[expected]]\ncase = "*"\nfile = "*"\nwhy = "w"\n{entry}\n', "utf-8")
    with pytest.raises(ValueError, match="line, or before with after"):
        read_expected(path)


def test_a_list_of_words_is_as_many_expectations(tmp_path: Path) -> None:
    path = tmp_path / "expected.toml"
    path.write_text(
        '[[expected]]\ncase = "*"\nfile = "*.md"\nwhy = "Plain English."\nwords = [["mend", "fix"], ["dear", "expensive"]]\n'
    )
    assert (
        Expected("*", "*.md", "Plain English.", before="mend", after="fix"),
        Expected("*", "*.md", "Plain English.", before="dear", after="expensive"),
    ) == read_expected(path)


def test_the_committed_expectations_are_read() -> None:
    read_expected(Path(__file__).parent.parent / "tools" / "lock" / "expected.toml")


def test_no_two_cases_have_one_name() -> None:
    names = [case.name for case in CASES]
    assert sorted(set(names)) == sorted(names)
