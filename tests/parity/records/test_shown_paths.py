"""Paths in reports: their last two names, as many more as tell two apart, and texts of inputs as they are."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from parity.records.audit_folder import write_folder, write_seed_folder
from parity.records.shown_paths import shown_paths
from tests.audits import AUDITS
from tests.seed_audits import SEED_AUDITS

PLACE = "/home/somebody/secret/machines"


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        (f"hf:{PLACE}/models/bert-reviews", "hf:…/models/bert-reviews"),
        (f"hf:{PLACE}/models/bert-reviews/", "hf:…/models/bert-reviews"),
        (
            f"hf:{PLACE}/m@{PLACE}/old/bin/python?dtype=bfloat16",
            "hf:…/machines/m@…/bin/python?dtype=bfloat16",
        ),
        (
            f"hf:./m?tokenizer={PLACE}/tokens&dtype=float32",
            "hf:./m?tokenizer=…/machines/tokens&dtype=float32",
        ),
        (f"hf:{PLACE}/my%40folder/m", "hf:…/my@folder/m"),
        (f"hf:{PLACE}/a folder/m", "hf:…/a folder/m"),
        ("hf:/tmp/m", "hf:…/tmp/m"),
        ("hf:~/models/m", "hf:…/models/m"),
        ("hf:~somebody/models/m", "hf:…/models/m"),
        ("hf:./models/a/b/c", "hf:./models/a/b/c"),
        ("hf:../shared/a/b", "hf:../shared/a/b"),
        ("hf:organisation/name", "hf:organisation/name"),
        (f"{PLACE}/reviews.jsonl", "…/machines/reviews.jsonl"),
        (f"file://{PLACE}/reviews.jsonl", "…/machines/reviews.jsonl"),
        ("https://example.org/a/b/c/d.json", "https://example.org/a/b/c/d.json"),
        (
            f"parity compare 'hf:{PLACE}/a b' --inputs={PLACE}/in/x.jsonl --out {PLACE}/out",
            "parity compare 'hf:…/machines/a b' --inputs=…/in/x.jsonl --out …/machines/out",
        ),
    ],
)
def test_a_path_is_shown_by_its_last_two_names(written: str, shown: str) -> None:
    assert [shown] == shown_paths([written])


@pytest.mark.parametrize(
    ("sentence", "shown"),
    [
        (f"The folder {PLACE}/m holds no config.json.", "The folder …/machines/m holds no config.json."),
        (
            f"Read '{PLACE}/x.json' (see {PLACE}/y.py, line 3).",
            "Read '…/machines/x.json' (see …/machines/y.py, line 3).",
        ),
        (f"It ended in {PLACE}/m.", "It ended in …/machines/m."),
        ("No space is left in /dev/shm.", "No space is left in /dev/shm."),
        ("1/2 of and/or, a/b/c/d, 3 / 4 / 5", "1/2 of and/or, a/b/c/d, 3 / 4 / 5"),
    ],
)
def test_a_path_in_a_sentence_is_shown_likewise(sentence: str, shown: str) -> None:
    audit = msgspec.structs.replace(AUDITS["parity"], headline=sentence)
    assert shown == shown_paths(audit).headline


def test_paths_that_end_alike_are_shown_by_as_many_names_as_tell_them_apart() -> None:
    assert ["hf:…/one/models/bert", "hf:…/two/models/bert", "hf:…/other/gpt"] == shown_paths(
        ["hf:/data/one/models/bert", "hf:/data/two/models/bert", "hf:/data/other/gpt"]
    )
    assert ["hf:…/m/bert", "hf:…/x/m/bert"] == shown_paths(["hf:/m/bert", "hf:/x/m/bert"])


@given(st.lists(st.lists(st.sampled_from(["a", "b"]), min_size=2, max_size=6), min_size=2, max_size=6))
def test_two_folders_are_never_shown_alike(names: list[list[str]]) -> None:
    folders = sorted({"hf:/" + "/".join(parts) for parts in names})
    shown = shown_paths(folders)
    assert len(folders) == len(set(shown))
    assert shown == shown_paths(shown)


def test_a_text_of_the_inputs_stays_as_it_is() -> None:
    audit = AUDITS["divergent_at_layer"]
    assert audit.decisions is not None
    flip = msgspec.structs.replace(audit.decisions.flips[0], text=f"{PLACE}/x", reference=f"{PLACE}/y")
    decisions = msgspec.structs.replace(audit.decisions, flips=[flip], classes=[f"{PLACE}/y"])
    shown = shown_paths(msgspec.structs.replace(audit, decisions=decisions))
    assert shown.decisions == decisions


def test_a_record_without_a_path_is_the_same_record() -> None:
    for audit in (AUDITS["parity"], AUDITS["hostile"]):
        assert audit == shown_paths(audit)


def test_no_report_names_the_place_and_the_record_does(tmp_path: Path) -> None:
    audit = AUDITS["divergent_at_layer"]
    side = msgspec.structs.replace(
        audit.reference,
        spec=f"hf:{PLACE}/m@{PLACE}/env/bin/python?tokenizer={PLACE}/t",
        notes=[f"The tokenizer is that of {PLACE}/t."],
        config={"_name_or_path": f"{PLACE}/m", "nested": {"at": [f"{PLACE}/n"]}},
    )
    finding = msgspec.structs.replace(
        audit.findings[0], sentence=f"See {PLACE}/m.", evidence={"file": f"{PLACE}/m/config.json"}
    )
    paths = msgspec.structs.replace(
        audit,
        reference=side,
        inputs=msgspec.structs.replace(audit.inputs, source=f"{PLACE}/in.jsonl"),
        findings=[finding],
        command=f"parity compare hf:{PLACE}/m hf:./x --inputs {PLACE}/in.jsonl",
    )
    written = write_folder(paths, tmp_path / "pair")
    seeds = SEED_AUDITS["unstable"]
    runs = [msgspec.structs.replace(run, spec=f"hf:{PLACE}/{run.name}") for run in seeds.runs]
    written += write_seed_folder(
        msgspec.structs.replace(seeds, runs=runs, command=f"parity seeds {PLACE}/r.toml"), tmp_path / "seeds"
    )
    for path in written:
        assert (path.name == "audit.json") == (PLACE in path.read_text(encoding="utf-8")), path
