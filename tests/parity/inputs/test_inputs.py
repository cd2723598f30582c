"""Inputs: read, counted, digested, refused with the line's number, and never kept."""

from __future__ import annotations

import csv
import importlib
import io
import json
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from parity.errors import (
    EmptyInputs,
    InputsError,
    InputsNotFound,
    MalformedLine,
    MissingColumn,
    UndecodableInputs,
    UnknownInputFormat,
)
from parity.inputs.example import Example
from parity.inputs.inputs import Inputs, open_inputs
from parity.inputs.spec import InputsSpec
from parity.inputs.stdin import standard_input

# pyarrow has no types
pa: Any = importlib.import_module("pyarrow")
pq: Any = importlib.import_module("pyarrow.parquet")

TEXTS = st.lists(st.text(max_size=20), min_size=1, max_size=8)
ROUND = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


def texts_of(inputs: Inputs) -> list[str]:
    return [example.text for window in inputs.windows(3) for example in window]


def write(path: Path, content: str | bytes) -> str:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return str(path)


def write_jsonl(path: Path, rows: list[dict[str, Any]]) -> str:
    return write(path, "".join(json.dumps(row) + "\n" for row in rows))


def write_csv(path: Path, rows: list[list[str]], dialect: str = "excel") -> str:
    file = io.StringIO(newline="")
    csv.writer(file, dialect).writerows(rows)
    return write(path, file.getvalue())


@ROUND
@given(texts=TEXTS)
def test_any_text_comes_back_from_json_lines(tmp_path: Path, texts: list[str]) -> None:
    path = write_jsonl(tmp_path / "a.jsonl", [{"text": text} for text in texts])
    assert texts == texts_of(open_inputs(InputsSpec(path)))


@ROUND
@given(texts=TEXTS)
def test_any_text_comes_back_from_csv(tmp_path: Path, texts: list[str]) -> None:
    path = write_csv(tmp_path / "a.csv", [["text", "n"], *([text, "1"] for text in texts)])
    assert texts == texts_of(open_inputs(InputsSpec(path)))


@ROUND
@given(texts=TEXTS)
def test_any_text_comes_back_from_tsv(tmp_path: Path, texts: list[str]) -> None:
    path = write_csv(tmp_path / "a.tsv", [["n", "text"], *(["1", text] for text in texts)], "excel-tab")
    assert texts == texts_of(open_inputs(InputsSpec(path)))


@ROUND
@given(texts=TEXTS)
def test_any_text_comes_back_from_parquet(tmp_path: Path, texts: list[str]) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"text": texts}), path)
    assert texts == texts_of(open_inputs(InputsSpec(str(path))))


@ROUND
@given(
    texts=st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\n\r"), max_size=20), max_size=6)
)
def test_any_line_comes_back_from_a_text_file(tmp_path: Path, texts: list[str]) -> None:
    texts = ["first", *texts, "last"]
    for ending in ("\n", "\r\n"):
        path = write(tmp_path / "a.txt", ending.join(texts) + ending)
        assert texts == texts_of(open_inputs(InputsSpec(path)))


def test_a_blank_line_is_an_empty_text_and_those_at_the_end_are_none(tmp_path: Path) -> None:
    path = write(tmp_path / "a.txt", "one\n\n \ntwo\n\n\n")
    assert ["one", "", " ", "two"] == texts_of(open_inputs(InputsSpec(path)))


def test_a_byte_order_mark_is_not_text(tmp_path: Path) -> None:
    assert ["one"] == texts_of(open_inputs(InputsSpec(write(tmp_path / "a.txt", b"\xef\xbb\xbfone\n"))))
    assert ["one"] == texts_of(
        open_inputs(InputsSpec(write(tmp_path / "a.csv", b"\xef\xbb\xbftext,x\none,1\n")))
    )


def test_other_encodings_are_an_option(tmp_path: Path) -> None:
    path = write(tmp_path / "a.txt", "déjà vu\n".encode("latin-1"))
    assert ["déjà vu"] == texts_of(open_inputs(InputsSpec(path, encoding="latin-1")))
    path = write(tmp_path / "b.txt", "déjà\nvu\n".encode("utf-16"))
    assert ["déjà", "vu"] == texts_of(open_inputs(InputsSpec(path, encoding="utf-16")))


def test_usual_columns_are_found_by_themselves(tmp_path: Path) -> None:
    path = write_jsonl(tmp_path / "a.jsonl", [{"idx": 7, "premise": "p", "hypothesis": "h", "gold_label": 1}])
    inputs = open_inputs(InputsSpec(path))
    assert [[Example(0, "p", "h", "1", "7")]] == list(inputs.windows())
    assert (1, 1, 1, 0) == (inputs.count, inputs.pairs, inputs.labelled, inputs.blank)


def test_columns_that_the_first_json_line_lacks_are_found(tmp_path: Path) -> None:
    late = {"text": "b", "pair": "c", "label": "yes", "id": "x"}
    path = write_jsonl(tmp_path / "a.jsonl", [{"text": "a", "label": None}, late])
    assert [Example(0, "a"), Example(1, "b", "c", "yes", "x")] == next(
        open_inputs(InputsSpec(path)).windows()
    )
    assert "pair" == open_inputs(InputsSpec(path, pair_column="pair")).columns.pair
    assert (0, 0) == (
        open_inputs(InputsSpec(path, limit=1)).pairs,
        open_inputs(InputsSpec(path, limit=1)).labelled,
    )


def test_a_column_of_lists_is_no_label_whichever_line_it_begins_in(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [{"text": "a", "label": None}, {"text": "b", "label": ["x"]}]
    assert open_inputs(InputsSpec(write_jsonl(tmp_path / "a.jsonl", rows))).columns.label is None


def test_named_columns_are_taken_instead(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "a.csv", [["text", "other", "key"], ["a", "b", "c"]])
    inputs = open_inputs(
        InputsSpec(path, text_column="other", pair_column="text", label_column="key", id_column="key")
    )
    assert [[Example(0, "b", "a", "c", "c")]] == list(inputs.windows())


def test_naming_the_text_alone_leaves_the_pair_out(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "a.csv", [["sentence1", "sentence2"], ["a", "b"]])
    assert [[Example(0, "b")]] == list(open_inputs(InputsSpec(path, text_column="sentence2")).windows())


def test_a_whole_number_label_beside_nulls_keeps_no_fraction(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"text": ["a", "b", "c"], "label": [1.0, None, float("nan")]}), path)
    labels = [example.label for window in open_inputs(InputsSpec(str(path))).windows() for example in window]
    assert ["1", None, None] == labels


def test_the_limit_ends_the_reading(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", '{"text": "one"}\n{"text": "two"}\nbroken\n')
    assert ["one", "two"] == texts_of(open_inputs(InputsSpec(path, limit=2)))


def test_no_window_crosses_the_cut(tmp_path: Path) -> None:
    path = write(tmp_path / "a.txt", "x\n" * 10)
    assert [4, 1, 4, 1] == [len(window) for window in open_inputs(InputsSpec(path)).windows(4, cut=5)]


def test_the_digest_tells_every_part_of_a_row_apart(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [
        {"text": "ab", "pair": "c", "label": "d", "id": "e"},
        {"text": "a", "pair": "bc", "label": "d", "id": "e"},
        {"text": "ab", "pair": None, "label": "d", "id": "e"},
        {"text": "ab", "pair": "", "label": "d", "id": "e"},
        {"text": "ab", "pair": "c", "label": "e", "id": "d"},
    ]
    digests = {open_inputs(InputsSpec(write_jsonl(tmp_path / "a.jsonl", [row]))).digest for row in rows}
    assert len(rows) == len(digests)


def test_the_format_does_not_change_the_digest(tmp_path: Path) -> None:
    text = open_inputs(InputsSpec(write(tmp_path / "a.txt", "one\ntwo\n"))).digest
    assert text == open_inputs(InputsSpec(write_csv(tmp_path / "a.csv", [["text"], ["one"], ["two"]]))).digest


def test_a_file_that_changes_meanwhile_is_noticed(tmp_path: Path) -> None:
    path = write(tmp_path / "a.txt", "one\ntwo\n")
    inputs = open_inputs(InputsSpec(path))
    write(tmp_path / "a.txt", "one\nTWO\n")
    with pytest.raises(InputsError, match="changed while it was being used"):
        list(inputs.windows())


def test_a_file_that_grows_meanwhile_is_noticed(tmp_path: Path) -> None:
    path = write(tmp_path / "a.txt", "one\ntwo\n")
    inputs = open_inputs(InputsSpec(path))
    write(tmp_path / "a.txt", "one\ntwo\nthree\n")
    with pytest.raises(InputsError, match="changed while it was being used"):
        list(inputs.windows())


@pytest.mark.parametrize(
    ("name", "content", "error", "said"),
    [
        ("a.jsonl", '{"text": "a"}\n{"text": "b"}\n{"text": "c"\n', MalformedLine, "line 3: not JSON"),
        ("a.jsonl", '{"text": "a"}\n[1]\n', MalformedLine, "line 2: a list instead of an object"),
        ("a.jsonl", '{"text": "a"}\n{"text": null}\n', MalformedLine, "line 2: 'text' is null"),
        ("a.jsonl", '{"text": "a"}\n{"other": "b"}\n', MalformedLine, "line 2: 'text' is missing"),
        ("a.jsonl", '{"text": 5}\n', MalformedLine, "line 1: 'text' is a number, not a text"),
        ("a.jsonl", '{"text": "\\ud83d"}\n', MalformedLine, "half of a surrogate pair"),
        ("a.jsonl", "[" * 100_000 + "\n", MalformedLine, "line 1"),
        ("a.jsonl", '{"txt": "a", "x": 1}\n', MissingColumn, "it has 'txt', 'x'"),
        ("a.csv", "text,label\na,1\nb,2,3\n", MalformedLine, "line 3: 3 cells where the header has 2"),
        ("a.csv", "text,label\na,1\nb\n", MalformedLine, "line 3: 1 cells where the header has 2"),
        ("a.csv", 'text,label\n"a\nb",1\n"c"d,2\n', MalformedLine, "line 4: "),
        ("a.csv", 'text,label\n"never closed,1\n', MalformedLine, "line 2: "),
        ("a.csv", "text,text\na,b\n", MalformedLine, "names the column 'text' twice"),
        ("a.csv", "text,label\n", EmptyInputs, "holds no example"),
        ("a.tsv", 'text\tlabel\n"Hm" he said\t1\n', MalformedLine, "line 2: "),
        ("a.txt", "", EmptyInputs, "is empty"),
        ("a.txt", "\n\n", EmptyInputs, "holds no example"),
        ("a.docx", "a", UnknownInputFormat, "ends in .docx"),
        ("a.parquet", "no parquet", UnknownInputFormat, "is not Parquet"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(
    tmp_path: Path, name: str, content: str, error: type[InputsError], said: str
) -> None:
    with pytest.raises(error) as caught:
        open_inputs(InputsSpec(write(tmp_path / name, content)))
    assert said in caught.value.sentence
    assert 2 == caught.value.exit_code


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    for path in (tmp_path / "no.txt", tmp_path):
        with pytest.raises(InputsNotFound):
            open_inputs(InputsSpec(str(path)))


def test_a_named_column_that_is_missing_brings_the_nearest(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "a.csv", [["Review", "stars"], ["a", "1"]])
    with pytest.raises(MissingColumn) as caught:
        open_inputs(InputsSpec(path, text_column="Reviews"))
    assert "it has 'Review', 'stars'" in caught.value.sentence
    assert "--text-column Review" in caught.value.next_step


@pytest.mark.parametrize("before", [b"ok\n", b"ok\n" * 50_000, "é".encode() * 32_767 + b"\n"])
def test_bytes_that_are_not_text_are_refused_with_line_and_offset(tmp_path: Path, before: bytes) -> None:
    path = write(tmp_path / "a.txt", before + b"bad \xe9 byte\n")
    with pytest.raises(UndecodableInputs) as caught:
        open_inputs(InputsSpec(path))
    line, offset = before.count(b"\n") + 1, len(before) + 4
    assert f"line {line}: byte 0xe9 at offset {offset}" in caught.value.sentence
    assert "--encoding latin-1" in caught.value.next_step


def test_utf_16_read_as_utf_8_brings_its_own_remedy(tmp_path: Path) -> None:
    with pytest.raises(UndecodableInputs) as caught:
        open_inputs(InputsSpec(write(tmp_path / "a.txt", "text\n".encode("utf-16"))))
    assert "--encoding utf-16" in caught.value.next_step


def test_an_encoding_that_does_not_exist_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputsError, match="text encoding 'latin-99' is unknown"):
        open_inputs(InputsSpec(write(tmp_path / "a.txt", "a\n"), encoding="latin-99"))


@pytest.mark.parametrize(
    ("content", "kind"),
    [(b'{"text": "a"}\n', "jsonl"), (b"plain\n{not json\n", "txt"), (b'  {"text": "a"}', "jsonl")],
)
def test_the_first_line_of_standard_input_decides(content: bytes, kind: str) -> None:
    assert kind == standard_input("utf-8", io.BytesIO(content)).format


def test_standard_input_can_be_read_twice_at_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = write(tmp_path / "in", "one\ntwo\nthree\n")
    with Path(path).open() as file:
        monkeypatch.setattr("sys.stdin", file)
        inputs = open_inputs(InputsSpec("-"))
    first, second = inputs.windows(1), inputs.windows(1)
    assert ["one", "one", "two", "two"] == [next(turn)[0].text for turn in (first, second, first, second)]


def test_empty_standard_input_is_refused() -> None:
    with pytest.raises(EmptyInputs):
        standard_input("utf-8", io.BytesIO(b""))


@pytest.mark.parametrize("ending", ["txt", "jsonl", "csv", "parquet"])
def test_ten_times_the_rows_take_no_more_memory(tmp_path: Path, ending: str) -> None:
    small, large = (_peak(_rows_file(tmp_path / f"{count}.{ending}", count)) for count in (1_000, 10_000))
    assert large - small < 1 << 20


def _rows_file(path: Path, count: int) -> str:
    texts = [f"row {row} " + "word " * 20 for row in range(count)]
    writers: dict[str, Callable[[], object]] = {
        ".txt": lambda: write(path, "\n".join(texts)),
        ".jsonl": lambda: write_jsonl(path, [{"text": text} for text in texts]),
        ".csv": lambda: write_csv(path, [["text"], *([text] for text in texts)]),
        ".parquet": lambda: pq.write_table(pa.table({"text": texts}), path),
    }
    writers[path.suffix]()
    return str(path)


def _peak(path: str) -> int:
    open_inputs(InputsSpec(path, limit=10))  # what is loaded once, pyarrow above all, is not the rows'
    tracemalloc.start()
    for _ in open_inputs(InputsSpec(path)).windows():
        pass
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak
