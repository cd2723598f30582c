"""A folder against its copy: the same files at another place."""

from __future__ import annotations

from pathlib import Path

from proof.table import Case, Row

TITLE = "A folder against its copy"
EXPECTED = "Every pair is `parity`: nothing differs but the place of the files."
COLUMNS = ("verdict", "stages compared")

_ARCHITECTURES = (
    "BertForSequenceClassification",
    "RobertaForSequenceClassification",
    "DistilBertForTokenClassification",
    "AlbertModel",
    "ElectraForSequenceClassification",
    "DebertaV2ForSequenceClassification",
    "ModernBertForSequenceClassification",
    "GPT2ForSequenceClassification",
    "LlamaForSequenceClassification",
    "Qwen2ForSequenceClassification",
)


def cases(seed: int) -> list[Case]:
    """One case an architecture."""
    return [Case(name, {"architecture": name, "seed": seed}) for name in _ARCHITECTURES]


def run(case: Case, folder: Path) -> Row:
    """Build the folder, copy it, compare."""
    from proof.audits import compare, write_texts
    from proof.tiny import build
    from proof.vary import copy

    model = build(str(case.data["architecture"]), folder / "model", seed=int(case.data["seed"]))
    twin = copy(model, folder / "copy")
    texts = write_texts(folder / "texts.jsonl")
    compared = compare(f"hf:{model}", f"hf:{twin}", folder / "audit", "--inputs", str(texts))
    stages = {record.stage for record in compared.audit.stages} if compared.audit is not None else set[str]()
    headline = compared.audit.headline if compared.audit is not None else compared.complaint.strip()
    return Row((compared.verdict, str(len(stages))), "" if compared.verdict == "parity" else headline)
