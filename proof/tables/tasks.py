"""Every task: a folder against its copy, against one whose head is wrong, and against one whose decoder is wrong.

What is wrong lies in a parameter, or a file, that only that head or decoder reads; the row says which.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# torch and safetensors are typed in part only.

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from proof.audits import TEXTS
from proof.table import Case, Row

TITLE = "Every task, its right copy and its wrong twins"
EXPECTED = (
    "A right copy is `parity`. A wrong head, and a wrong decoder where the task has one, is `divergent`, from a stage that "
    "only the changed part computes. A task that is not run yet is `not_comparable` against its copy, and no twin of it is ever `parity`."
)
COLUMNS = ("task", "right copy", "wrong head", "first difference", "wrong decoder", "first difference there")


class _Twins(NamedTuple):
    """One row: what is wrong in the head and in the decoder (tensors by pattern, or `field=value` of config.json), and its inputs."""

    task: str
    architecture: str
    head: str
    decoder: str = ""
    inputs: str = "texts"
    fields: Mapping[str, Any] = {}
    runs: bool = True


_PAIR_LABELS = {
    "id2label": {"0": "contradiction", "1": "neutral", "2": "entailment"},
    "label2id": {"contradiction": 0, "neutral": 1, "entailment": 2},
}
_ONE_VALUE = {"id2label": {"0": "score"}, "label2id": {"score": 0}}
_ROWS = (
    _Twins("sequence classification", "BertForSequenceClassification", "classifier.weight"),
    _Twins("sequence classification", "GPT2ForSequenceClassification", "score.weight"),
    _Twins("pair of texts", "RobertaForSequenceClassification", "classifier.out_proj.bias", inputs="pairs"),
    _Twins(
        "multi-label",
        "DistilBertForSequenceClassification",
        "classifier.bias",
        fields={"problem_type": "multi_label_classification"},
    ),
    _Twins("regression", "ElectraForSequenceClassification", "classifier.dense.weight", fields=_ONE_VALUE),
    _Twins("cross-encoder", "BertForSequenceClassification", "classifier.bias", inputs="pairs", fields=_ONE_VALUE),
    _Twins("reward model", "LlamaForSequenceClassification", "score.weight", fields=_ONE_VALUE),
    _Twins(
        "zero-shot NLI",
        "BartForSequenceClassification",
        "classification_head.out_proj.bias",
        "*decoder.layers.1.fc2.*",
        inputs="pairs",
        fields=_PAIR_LABELS,
    ),
    _Twins("token classification", "BertForTokenClassification", "classifier.bias"),
    _Twins("question answering", "BertForQuestionAnswering", "qa_outputs.bias", inputs="pairs"),
    _Twins("masked LM", "BertForMaskedLM", "cls.predictions.transform.dense.weight", "cls.predictions.bias"),
    _Twins("masked LM", "RobertaForMaskedLM", "lm_head.dense.bias", "lm_head.bias"),
    _Twins("causal LM", "GPT2LMHeadModel", "lm_head.weight", fields={"tie_word_embeddings": False}),
    _Twins("causal LM", "PhiForCausalLM", "lm_head.bias"),
    _Twins("causal LM", "Gemma2ForCausalLM", "final_logit_softcapping=0.5"),
    _Twins(
        "encoder-decoder",
        "T5ForConditionalGeneration",
        "decoder.final_layer_norm.weight",
        "decoder.block.1.*",
    ),
    _Twins("encoder-decoder", "BartForConditionalGeneration", "final_logits_bias", "*decoder.layers.1.fc2.*"),
    _Twins("encoder-decoder", "MarianMTModel", "final_logits_bias", "*decoder.layers.0.fc1.*"),
    _Twins("encoder-decoder", "PegasusForConditionalGeneration", "final_logits_bias", "*decoder.layer_norm.weight"),
    _Twins("multiple choice", "BertForMultipleChoice", "classifier.weight", inputs="choices"),
    _Twins("next sentence", "BertForNextSentencePrediction", "cls.seq_relationship.bias", inputs="pairs"),
    _Twins("pre-training", "BertForPreTraining", "cls.seq_relationship.bias", "cls.predictions.bias", inputs="pairs"),
    _Twins("pre-training", "AlbertForPreTraining", "sop_classifier.classifier.bias", "predictions.bias", inputs="pairs"),
    _Twins("discriminator", "ElectraForPreTraining", "discriminator_predictions.dense.bias"),
    _Twins("embeddings", "", "pooling", "dense"),
    _Twins("text projection", "CLIPTextModelWithProjection", "text_projection.weight", fields={"projection_dim": 16}),
)  # fmt: skip


def cases(seed: int) -> list[Case]:
    """One case a task and architecture."""
    return [
        Case(f"{row.task}: {row.architecture or 'sentence-transformers'}", {"row": number, "seed": seed})
        for number, row in enumerate(_ROWS)
    ]


def run(case: Case, folder: Path) -> Row:
    """Build the folder and its wrong twins; compare it with its copy and with each twin."""
    from proof.audits import compare
    from proof.tables.heads import sentence_transformers
    from proof.tiny import build
    from proof.vary import copy

    row = _ROWS[int(case.data["row"])]
    model, seed = folder / "model", int(case.data["seed"])
    if row.architecture:
        build(row.architecture, model, seed=seed, **row.fields)
    else:
        sentence_transformers(model, seed)
    inputs = write_inputs(row.inputs, folder)
    verdicts: list[str] = []
    places: list[str] = []
    for name, change in (("copy", ""), ("head", row.head), ("decoder", row.decoder)):
        if name == "decoder" and not change:
            continue
        twin = copy(model, folder / name) if not change else _changed(model, folder / name, change)
        seen = compare(f"hf:{model}", f"hf:{twin}", folder / f"audit-{name}", "--inputs", str(inputs))
        verdicts.append(seen.verdict)
        place = (
            ""
            if seen.audit is None or seen.audit.first_divergence is None
            else seen.audit.first_divergence.stage
        )
        places.append(place)
    decoder = (verdicts[2], f"{places[2] or '—'} ({row.decoder})") if row.decoder else ("—", "—")
    cells = (row.task, verdicts[0], verdicts[1], f"{places[1] or '—'} ({row.head})", *decoder)
    return Row(cells, _broken(row, verdicts, places))


def _broken(row: _Twins, verdicts: list[str], places: list[str]) -> str:
    wrong = len(verdicts) - 1
    if not row.runs:
        silent = verdicts[0] != "not_comparable" or "parity" in verdicts
        return f"{', '.join(verdicts)}; its task is not run, and that is not said" if silent else ""
    expected = ["parity", *["divergent"] * wrong]
    if verdicts != expected:
        return f"{', '.join(verdicts)}; expected {', '.join(expected)}"
    body = [
        place for place in places[1:] if place == "embeddings" or place.startswith(("layer.", "encoder."))
    ]
    return f"the part that differs is read after {body[0]}" if body else ""


def _changed(model: Path, to: Path, change: str) -> Path:
    from proof.tables.heads import change_module
    from proof.vary import copy, vary

    if (model / "modules.json").exists():
        change_module(copy(model, to), change)
        return to
    field, setting, value = change.partition("=")
    if setting:
        return copy(model, to, **{field: json.loads(value)})
    vary(model, to, [change], 1.0)
    return to


def write_inputs(kind: str, folder: Path) -> Path:
    """The texts as the task reads them."""
    rows: list[dict[str, Any]] = [{"id": f"row-{number}", "text": text} for number, text in enumerate(TEXTS)]
    for number, row in enumerate(rows):
        if kind == "pairs":
            row["text_pair"] = TEXTS[(number + 3) % len(TEXTS)]
        if kind == "choices":
            row["choices"] = [TEXTS[(number + step) % len(TEXTS)] for step in (1, 2, 5)]
    path = folder / "inputs.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path
