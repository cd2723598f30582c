"""`pipeline:` against `hf:` of the same folder: a right copy, and a twin with one changed parameter, for each task."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# torch and transformers are typed in part only.

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers

from parity.records.audit import Audit
from parity.session.conformance import check_adapter
from tests.models import VOCABULARY, WORDS, give_noise, tiny, tiny_bert, write_tokenizer
from tests.real.asking import compare, parity, stage
from tests.real.environments import OTHERS, interpreter_of

pytestmark = [pytest.mark.real]

TEXTS = (
    "the film was good",
    "a dull plot and awful acting",
    "i love it",
    "we hate this movie",
    "never a boring story",
    "it was very dull and not a fine movie of the plot",
)
LABELS = {
    "nli": ("contradiction", "neutral", "entailment"),
    "tags": ("O", "B-PER", "I-PER", "B-LOC", "I-LOC"),
    "classes": ("negative", "neutral", "positive"),
}
# Of each small model: the class that holds its head, and the parameter in which its twin differs.
MODELS = {
    "classes": ("AutoModelForSequenceClassification", "classifier.weight"),
    "nli": ("AutoModelForSequenceClassification", "classifier.weight"),
    "tags": ("AutoModelForTokenClassification", "classifier.weight"),
    "answers": ("AutoModelForQuestionAnswering", "qa_outputs.weight"),
    "masks": ("AutoModelForMaskedLM", "cls.predictions.transform.dense.weight"),
    "encoder": ("AutoModel", "encoder.layer.2.output.dense.weight"),
    "gpt2": ("AutoModelForCausalLM", "transformer.h.1.mlp.c_fc.weight"),
    "bart": ("AutoModelForSeq2SeqLM", "model.decoder.layers.1.fc1.weight"),
}


def _changed(folder: Path, kind: str, parameter: str) -> None:
    """The same model with another value of one parameter, beside it."""
    auto: Any = getattr(transformers, kind)
    model = auto.from_pretrained(folder)
    tensor = dict(model.named_parameters())[parameter]
    with torch.no_grad():
        tensor.add_(0.05 * torch.randn(tensor.shape, generator=torch.Generator().manual_seed(1)))
    to = folder.with_name(f"{folder.name}-wrong")
    model.save_pretrained(to)
    write_tokenizer(to)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """A small model by name, with its wrong twin, made when it is first needed."""
    root = tmp_path_factory.mktemp("models")

    def make(name: str) -> Path:
        folder = root / name
        if folder.exists():
            return folder
        kind, parameter = MODELS[name]
        if name in ("gpt2", "bart"):
            tokens = {"bos_token_id": 2, "eos_token_id": 3, "pad_token_id": 0} if name == "gpt2" else {}
            model = tiny(name, kind, vocab_size=len(VOCABULARY), **tokens)
            give_noise(model, 3, 0.4).save_pretrained(folder)
            write_tokenizer(folder)
        else:
            tiny_bert(folder, kind, labels=LABELS.get(name, ("a", "b", "c")))
        _changed(folder, kind, parameter)
        return folder

    return make


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Inputs of each kind."""
    folder = tmp_path_factory.mktemp("rows")
    first = [text.split()[1] for text in TEXTS]
    masked = [text.replace(word, "[MASK]") for text, word in zip(TEXTS, first, strict=True)]
    lines: dict[str, list[dict[str, Any]]] = {
        "texts": [{"text": text} for text in TEXTS],
        "masks": [{"text": text} for text in (*masked, "the [MASK] was [MASK]")],
        "words": [{"tokens": text.replace("film", "filmgood").split()} for text in TEXTS],
        "pairs": [
            {"text": text, "pair": f"This example is {label}."}
            for text in TEXTS
            for label in ("good", "dull film")
        ],
        "questions": [
            {
                "question": " ".join(WORDS[(row + place) % len(WORDS)] for place in range(3)),
                "context": " ".join(
                    WORDS[(7 * row + 5 * place) % len(WORDS)] + ("good" if place % 3 == 0 else "")
                    for place in range(3 + row)
                ),
            }
            for row in range(10)
        ],
    }
    for name, kept in lines.items():
        text = "".join(json.dumps(line) + "\n" for line in kept)
        (folder / f"{name}.jsonl").write_text(text, encoding="utf-8")
    return folder


def _pair(
    folder: Path, inputs: Path, out: Path, *more: str, options: str = "", at: str = ""
) -> tuple[Audit, Audit]:
    """A folder against the pipeline of its copy, and of its wrong twin."""
    right, wrong = (
        compare(
            f"hf:{folder}", f"pipeline:{one}{at}{options}", out / str(number), "--inputs", str(inputs), *more
        )
        for number, one in enumerate((folder, folder.with_name(f"{folder.name}-wrong")))
    )
    return right, wrong


def _older() -> str:
    """An interpreter that has the tasks which version 5 of the library does not have, as a part of a subject."""
    found = interpreter_of(OTHERS["4.57.6"])
    if found is None:
        pytest.skip("needs an interpreter with transformers 4.57 (PARITY_TEST_HF457)")
    return f"@{found}"


# Of the others the right copy and the wrong twin start four processes each: they run with the long tests.
@pytest.mark.parametrize(
    ("name", "inputs", "options", "shown", "first", "decided"),
    [
        ("masks", "masks", "", "scores", "scores", ("next_token", 8)),
        pytest.param(
            "classes", "texts", "", "probabilities", "logits", ("example", 6), marks=pytest.mark.long
        ),
        pytest.param("tags", "words", "", "scores", "scores", ("word", 33), marks=pytest.mark.long),
        pytest.param("tags", "texts", "", "scores", "scores", ("token", 33), marks=pytest.mark.long),
        pytest.param("encoder", "texts", "", "layer.2", "layer.2", None, marks=pytest.mark.long),
        pytest.param(
            "nli",
            "pairs",
            "?task=zero-shot-classification",
            "scores",
            "scores",
            ("example", 12),
            marks=pytest.mark.long,
        ),
    ],
)
def test_a_right_copy_is_parity_and_a_wrong_twin_divergent(
    name: str,
    inputs: str,
    options: str,
    shown: str,
    first: str,
    decided: tuple[str, int] | None,
    made: Callable[[str], Path],
    rows: Path,
    tmp_path: Path,
) -> None:
    right, wrong = _pair(made(name), rows / f"{inputs}.jsonl", tmp_path, options=options)
    assert "parity" == right.verdict, right.headline
    assert stage(right, shown).status in {"equal", "within_noise"}
    assert [] == [item for item in right.not_compared if item.counts]
    if decided is not None:
        assert right.decisions is not None
        assert decided == (right.decisions.unit, right.decisions.examples)
        assert right.decisions.examples == right.decisions.agree
    assert "divergent" == wrong.verdict, wrong.headline
    assert wrong.first_divergence is not None
    assert first == wrong.first_divergence.stage
    assert any("no layers" in note for note in right.candidate.notes)


@pytest.mark.long
def test_generated_texts_are_compared_with_the_same_settings(
    made: Callable[[str], Path], rows: Path, tmp_path: Path
) -> None:
    options = "?generation.do_sample=false&generation.temperature=1.0"
    right, wrong = _pair(made("gpt2"), rows / "texts.jsonl", tmp_path, "--generate", "8", options=options)
    assert "parity" == right.verdict, right.headline
    assert "Parity: 6 generated texts agree; no numbers were compared" in right.headline
    assert ("divergent", "generated") == (
        wrong.verdict,
        wrong.first_divergence and wrong.first_divergence.stage,
    )


@pytest.mark.long
def test_a_pipeline_that_samples_is_not_parity_and_its_texts_need_generate(
    made: Callable[[str], Path], rows: Path, tmp_path: Path
) -> None:
    given = (f"hf:{made('gpt2')}", f"pipeline:{made('gpt2')}")
    inputs = ("--inputs", str(rows / "texts.jsonl"))
    sampling = compare(*given, tmp_path / "sampling", *inputs, "--generate", "8")
    assert "not_comparable" == sampling.verdict
    assert "do_sample" in sampling.headline
    silent = compare(*given, tmp_path / "silent", *inputs)
    assert "not_comparable" == silent.verdict
    assert "--generate N" in silent.headline


@pytest.mark.long
@pytest.mark.parametrize("task", ["summarization", "translation"])
def test_a_generated_summary_or_translation_is_the_text_of_the_same_model(
    task: str, made: Callable[[str], Path], rows: Path, tmp_path: Path
) -> None:
    options = f"?task={task}&generation.num_beams=1&generation.do_sample=false"
    right, wrong = _pair(
        made("bart"), rows / "texts.jsonl", tmp_path, "--generate", "8", options=options, at=_older()
    )
    assert "equal" == stage(right, "generated").status, stage(right, "generated").reason
    assert "divergent" == stage(wrong, "generated").status
    assert "divergent" == wrong.verdict


@pytest.mark.long
@pytest.mark.parametrize("options", ["", "?align_to_words=false&max_answer_len=4"])
def test_an_answer_is_the_best_span_and_its_score_is_compared(
    options: str, made: Callable[[str], Path], rows: Path, tmp_path: Path
) -> None:
    right, wrong = _pair(made("answers"), rows / "questions.jsonl", tmp_path, options=options, at=_older())
    assert "parity" == right.verdict, right.headline
    assert stage(right, "scores").status in {"equal", "within_noise"}
    assert right.decisions is not None
    assert ("answer", 10, 10) == (right.decisions.unit, right.decisions.examples, right.decisions.agree)
    assert ("divergent", "scores") == (wrong.verdict, wrong.first_divergence and wrong.first_divergence.stage)


@pytest.mark.long
@pytest.mark.usefixtures("cold")
@pytest.mark.parametrize(
    ("name", "options", "pairs"),
    [
        ("classes", "", False),
        ("tags", "?batch_size=2", False),
        ("masks", "", False),
        ("encoder", "", False),
        ("gpt2", "", False),
        ("nli", "?task=zero-shot-classification", True),
    ],
)
def test_the_adapter_keeps_its_promises(
    name: str, options: str, pairs: bool, made: Callable[[str], Path]
) -> None:
    texts = ["the [MASK] was good", "a longer [MASK] of the film, and dull"]
    given: list[Any] = [(text, "This example is good.") for text in texts] if pairs else texts
    assert [] == check_adapter(f"pipeline:{made(name)}{options}", given)


def test_what_a_pipeline_does_not_take_or_have_is_a_sentence(
    made: Callable[[str], Path], tmp_path: Path
) -> None:
    inputs = tmp_path / "t.txt"
    inputs.write_text("a film\n", encoding="utf-8")
    for options, sentence in (
        ("?task=summarization", "has no pipeline summarization; version 4.57.1 has it."),
        (
            "?aggregation_strategy=first",
            "aggregation_strategy=first has no effect: the pipeline fill-mask does not take it.",
        ),
        ("?task=sumarization", "task=sumarization is not a pipeline that parity reads."),
    ):
        subject = f"pipeline:{made('masks')}{options}"
        run = parity("inspect", subject, cwd=tmp_path)
        assert 2 == run.code, run.said
        assert sentence in run.complained
