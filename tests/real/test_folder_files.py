"""What lies in a folder beside its weights, in every form that is found: code of its own, modules.json, architectures."""

# pyright: reportUnknownVariableType=false, reportUnknownMemberType=false
# torch and transformers are typed in part only.

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from parity.border.description import Description
from parity.border.runner import Runner
from parity.subjects.subject import parse_subject
from parity_transformers import adapter
from tests.models import VOCABULARY, tiny, tiny_bert, write_tokenizer
from tests.real.asking import compare, parity
from tests.real.environments import OTHERS, interpreter_of

pytestmark = pytest.mark.real

_CODE = """
from transformers import BertModel


class OwnModel(BertModel):
    def forward(self, input_ids=None, attention_mask=None, token_type_ids=None, **named):
        found = super().forward(input_ids, attention_mask, token_type_ids, **named)
        found.last_hidden_state = found.last_hidden_state * FACTOR
        return found
"""
_TRANSFORMER = "sentence_transformers.models.Transformer"
_POOLING = {"path": "1_Pooling", "type": "sentence_transformers.models.Pooling"}


def described(folder: Path) -> Description:
    with Runner.start(parse_subject(f"hf:{folder}"), adapter, timeout=300) as runner:
        return runner.describe()


def write(file: Path, content: Any) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(content), encoding="utf-8")


def edit(file: Path, **changes: Any) -> None:
    write(file, json.loads(file.read_text(encoding="utf-8")) | changes)


def with_code(folder: Path, factor: str) -> Path:
    """A model whose own code multiplies its output."""
    tiny_bert(folder, "AutoModel")
    (folder / "own.py").write_text(_CODE.replace("FACTOR", factor), encoding="utf-8")
    edit(folder / "config.json", auto_map={"AutoModel": "own.OwnModel"}, architectures=["OwnModel"])
    return folder


def nested(folder: Path, listed: str, real: str, pooling: str) -> Path:
    """A sentence-transformers folder whose transformer lies in `real`, and is listed as `listed`; gives the transformer's."""
    tiny_bert(folder / real, "AutoModel")
    write(folder / "modules.json", [{"path": listed, "type": _TRANSFORMER}, _POOLING])
    settings = {f"pooling_mode_{mode}": mode == pooling for mode in ("cls_token", "mean_tokens")}
    write(folder / "1_Pooling" / "config.json", settings)
    return folder / real


@pytest.mark.parametrize("version", ["here", "4.57.6"])
def test_two_folders_of_one_name_each_run_their_own_code(version: str, tmp_path: Path) -> None:
    at = ""
    if version != "here":
        interpreter = interpreter_of(OTHERS[version])
        if interpreter is None:
            pytest.skip(f"no interpreter with transformers {version}")
        at = f"@{interpreter}"
    first, second = with_code(tmp_path / "a" / "model", "2"), with_code(tmp_path / "b" / "model", "3")
    shared = tmp_path / "modules"
    shared.mkdir()
    out = tmp_path / "audit"
    run = parity(
        *("compare", f"hf:{first}{at}?trust_remote_code=yes", f"hf:{second}{at}?trust_remote_code=yes"),
        *("--out", str(out), "--limit", "8"),
        HF_MODULES_CACHE=str(shared),
    )
    assert 1 == run.code, run.complained
    record = json.loads((out / "audit.json").read_text(encoding="utf-8"))
    assert "divergent" == record["verdict"]
    assert [] == list(shared.iterdir())
    digests = [record[side]["config"]["own_code_digest"] for side in ("reference", "candidate")]
    assert digests[0] != digests[1]
    assert any("its own Python code: own.py (sha256:" in note for note in record["reference"]["notes"])


def test_code_of_a_folder_is_copied_to_temporary_files_that_go_with_the_runner(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = with_code(tmp_path / "model", "1")
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    subject = parse_subject(f"hf:{folder}?trust_remote_code=yes")
    with Runner.start(subject, adapter, timeout=300) as runner:
        runner.describe()
        assert [True] == [path.is_file() for path in (tmp_path / "temporary").rglob("own.py")][:1]
    assert [] == list((tmp_path / "temporary").iterdir())


def test_the_same_code_in_two_folders_is_parity(tmp_path: Path) -> None:
    first = with_code(tmp_path / "a" / "model", "1")
    second = Path(shutil.copytree(first, tmp_path / "b" / "other"))
    trusted = "?trust_remote_code=yes"
    audit = compare(f"hf:{first}{trusted}", f"hf:{second}{trusted}", tmp_path / "audit", "--limit", "8")
    assert "parity" == audit.verdict
    assert audit.reference.config["own_code_digest"] == audit.candidate.config["own_code_digest"]


@pytest.mark.parametrize(
    ("listed", "real"),
    [
        ("0_Transformer", "0_Transformer"),
        ("./0_Transformer", "0_Transformer"),
        ("0_Transformer/", "0_Transformer"),
        ("models/0_Transformer", "models/0_Transformer"),
        ("0_Router", "0_Router/0_Transformer"),
    ],
)
def test_the_pooling_around_a_transformers_own_folder_is_run(listed: str, real: str, tmp_path: Path) -> None:
    mean = nested(tmp_path / "mean", listed, real, "mean_tokens")
    first = nested(tmp_path / "cls", listed, real, "cls_token")
    audit = compare(f"hf:{mean}", f"hf:{first}", tmp_path / "audit", "--limit", "8")
    if listed != "0_Router":
        assert audit.first_divergence is not None
        assert ("divergent", "pooling") == (audit.verdict, audit.first_divergence.stage)
        return
    # A router chooses between transformers: it is not run, and what follows it is compared by its settings.
    assert "not_comparable" == audit.verdict
    assert any("pooling_mode_cls_token (False against True)" in item.reason for item in audit.not_compared)


def test_the_pooling_is_seen_through_links_to_and_of_a_transformers_folder(tmp_path: Path) -> None:
    inside = nested(tmp_path / "st", "0_Transformer", "0_Transformer", "mean_tokens")
    (tmp_path / "link").symlink_to(inside, target_is_directory=True)
    assert ("embeddings", []) == (described(tmp_path / "link").task, described(tmp_path / "link").not_run)
    moved = Path(shutil.move(inside, tmp_path / "weights"))
    inside.symlink_to(moved, target_is_directory=True)
    assert ("embeddings", []) == (described(inside).task, described(inside).not_run)


def test_a_folder_beside_a_sentence_transformers_folder_is_run_whole(tmp_path: Path) -> None:
    nested(tmp_path / "st", "0_Transformer", "0_Transformer", "mean_tokens")
    assert [] == described(tiny_bert(tmp_path / "other", "AutoModel")).not_run
    write(tmp_path / "modules.json", ["a"])
    assert [] == described(tmp_path / "other").not_run


@pytest.mark.parametrize("place", ["", "0_Transformer"])
def test_settings_of_a_transformer_alone_are_compared(place: str, tmp_path: Path) -> None:
    folders: list[Path] = []
    for length in (64, 6):
        root = tmp_path / str(length)
        tiny_bert(root / place, "AutoModel")
        write(root / "modules.json", [{"path": place, "type": _TRANSFORMER}])
        write(root / place / "sentence_bert_config.json", {"max_seq_length": length, "do_lower_case": False})
        folders.append(root / place)
    first, second = folders
    assert "parity" == compare(f"hf:{first}", f"hf:{first}", tmp_path / "same", "--limit", "8").verdict
    audit = compare(f"hf:{first}", f"hf:{second}", tmp_path / "other", "--limit", "8")
    assert "not_comparable" == audit.verdict
    assert "max_seq_length (64 against 6)" in audit.headline


@pytest.mark.parametrize(
    "entry",
    [
        {"path": "", "type": "custom_st.Transformer"},
        {"path": "other", "type": _TRANSFORMER},
        {"type": "sentence_transformers.models.Pooling"},
    ],
)
def test_a_module_that_is_not_the_transformer_that_is_run_counts(
    entry: dict[str, str], tmp_path: Path
) -> None:
    folder = tiny_bert(tmp_path / "st", "AutoModel")
    write(folder / "modules.json", [{"path": ".", "type": _TRANSFORMER}, entry])
    (part,) = described(folder).not_run
    assert (entry["type"].rsplit(".", 1)[1].lower(), True) == (part.part, part.always)


@pytest.mark.parametrize("content", [["a"], [None], {"a": 1}, 3])
def test_a_modules_file_without_modules_counts_where_the_sides_differ_in_it(
    content: Any, tmp_path: Path
) -> None:
    folder = tiny_bert(tmp_path / "st", "AutoModel")
    write(folder / "modules.json", content)
    (part,) = described(folder).not_run
    assert ("modules.json", False) == (part.part, part.always)
    assert "is not a list of modules" in part.reason


@pytest.mark.parametrize(
    ("given", "model", "noted"),
    [
        ("BertForSequenceClassification", "BertForSequenceClassification", False),
        ([None, "BertForSequenceClassification"], "BertForSequenceClassification", True),
        ([None], "BertModel", True),
        (5, "BertModel", True),
        ({"BertModel": 1}, "BertModel", True),
        ([], "BertModel", False),
    ],
)
def test_architectures_of_any_form_are_names_or_left_out_with_a_note(
    given: Any, model: str, noted: bool, tmp_path: Path
) -> None:
    folder = tiny_bert(tmp_path / "m", "AutoModelForSequenceClassification")
    edit(folder / "config.json", architectures=given)
    found = described(folder)
    assert model == found.model_class
    assert noted == any("entries that are not names were ignored" in note for note in found.notes)
    assert ("BertModel" == model) == any("names no architecture" in note for note in found.notes)


@pytest.mark.parametrize("content", [[1], None, "text"])
def test_settings_of_generation_that_are_no_mapping_are_compared_whole(content: Any, tmp_path: Path) -> None:
    tiny("bert", "AutoModelForNextSentencePrediction", vocab_size=len(VOCABULARY)).save_pretrained(tmp_path)
    # A head that is not run, of a class that generates nothing.
    edit(tmp_path / "config.json", architectures=["DPRReader"])
    write_tokenizer(tmp_path)
    write(tmp_path / "generation_config.json", content)
    (head,) = described(tmp_path).not_run
    assert content == head.settings["generation"]
