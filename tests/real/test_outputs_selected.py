"""Files of what a serving engine gives: log-probabilities of tokens, answers, generated texts, held against the model that made them."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# torch and transformers are typed in part only.

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers

from parity.records.audit import Audit
from parity.session.conformance import check_adapter
from tests.models import VOCABULARY, give_noise, tiny, write_tokenizer
from tests.real.asking import compare, parity, stage

pytestmark = [pytest.mark.real]

TEXTS = ("the film was good", "a dull plot and awful acting", "i love it", "never a boring story")
Rows = list[dict[str, Any]]


class Engine:
    """A small language model, as an engine serves it, and the files that it writes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        model = tiny(
            "gpt2", "AutoModelForCausalLM", vocab_size=len(VOCABULARY), eos_token_id=3, pad_token_id=0
        )
        give_noise(model, 3, 0.4).save_pretrained(folder / "m")
        write_tokenizer(folder / "m")
        self._model: Any = model.eval()
        self._tokenizer: Any = transformers.AutoTokenizer.from_pretrained(folder / "m")

    def rows(self, most: int = 3) -> Rows:
        """The text's tokens with their log-probabilities, and the best ones at each."""
        found: Rows = []
        for text in TEXTS:
            ids = self._tokenizer(text)["input_ids"]
            with torch.no_grad():
                logs = self._model(**self._tokenizer(text, return_tensors="pt")).logits[0].log_softmax(dim=-1)
            entries: list[Any] = [{"id": ids[0], "logprob": None}]
            for place, token in enumerate(ids[1:]):
                best = logs[place].topk(most)
                pairs = zip(best.indices.tolist(), best.values.tolist(), strict=True)
                entries.append(
                    {
                        "id": token,
                        "logprob": float(logs[place, token]),
                        "top_logprobs": [{"id": one, "logprob": value} for one, value in pairs],
                    }
                )
            found.append({"text": text, "token_logprobs": entries})
        return found

    def texts(self, most: int) -> Rows:
        """Greedy texts."""
        found: Rows = []
        for text in TEXTS:
            ids = torch.tensor([self._tokenizer(text)["input_ids"]])
            made = self._model.generate(
                ids, attention_mask=torch.ones_like(ids), max_new_tokens=most, do_sample=False
            )
            new = self._tokenizer.decode(made[0, ids.shape[1] :], skip_special_tokens=True)
            found.append({"prompt": text, "generated_text": new})
        return found

    def file(self, name: str, rows: Sequence[dict[str, Any]]) -> str:
        path = self.folder / f"{name}.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        return f"outputs:{path}"

    def audit(self, name: str, rows: Rows, out: Path, *more: str) -> Audit:
        return compare(f"hf:{self.folder / 'm'}", self.file(name, rows), out / name, *more)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    return Engine(tmp_path_factory.mktemp("engine"))


def test_log_probabilities_of_the_texts_tokens_are_parity_with_the_model(
    engine: Engine, tmp_path: Path
) -> None:
    audit = engine.audit("right", engine.rows(), tmp_path)
    assert "parity" == audit.verdict, audit.headline
    scores = stage(audit, "scores")
    positions = sum(len(row["token_logprobs"]) - 1 for row in engine.rows())
    assert 4 * positions == scores.compared
    assert audit.decisions is not None
    assert ("next_token", positions, positions) == (
        audit.decisions.unit,
        audit.decisions.examples,
        audit.decisions.agree,
    )
    (exhibit,) = (one for one in audit.exhibits if one.of == "scores")
    assert "100 % of the names given" in exhibit.note


def _one_moved(rows: Rows) -> Rows:
    rows[1]["token_logprobs"][2]["logprob"] -= 1e-3
    return rows


def _one_missing_from_the_best(rows: Rows) -> Rows:
    entry = rows[0]["token_logprobs"][1]
    entry["top_logprobs"] = entry["top_logprobs"][1:]
    return rows


@pytest.mark.parametrize(
    "change", [pytest.param(_one_moved, marks=pytest.mark.long), _one_missing_from_the_best]
)
def test_one_other_score_or_one_token_that_scores_higher_is_divergent(
    change: Callable[[Rows], Rows], engine: Engine, tmp_path: Path
) -> None:
    audit = engine.audit(change.__name__, change(engine.rows()), tmp_path)
    assert ("divergent", "scores") == (audit.verdict, audit.first_divergence and audit.first_divergence.stage)


@pytest.mark.long
def test_tokens_that_are_not_those_of_the_model_are_not_compared(engine: Engine, tmp_path: Path) -> None:
    rows = engine.rows()
    rows[2]["token_logprobs"][1]["id"] += 1
    audit = engine.audit("shifted", rows, tmp_path)
    assert "not_comparable" == audit.verdict
    assert "row 2: its token 1 is" in audit.headline


@pytest.mark.long
def test_tokens_may_be_named_by_their_texts_and_rounded_scores_are_no_divergence(
    engine: Engine, tmp_path: Path
) -> None:
    rows = engine.rows(1)
    for row in rows:
        entries: list[Any] = row["token_logprobs"]
        row["tokens"] = [VOCABULARY[entry["id"]] for entry in entries]
        row["token_logprobs"] = [None, *(round(entry["logprob"], 3) for entry in entries[1:])]
    audit = engine.audit("rounded", rows, tmp_path)
    assert "not_comparable" == audit.verdict
    assert "rounded to 3 decimals" in stage(audit, "scores").reason
    rows[0]["token_logprobs"][2] += 2
    assert "divergent" == engine.audit("other", rows, tmp_path).verdict


@pytest.mark.long
def test_generated_texts_are_compared_with_generate(engine: Engine, tmp_path: Path) -> None:
    rows = engine.texts(6)
    right = engine.audit("texts", rows, tmp_path, "--generate", "6")
    assert ("parity", "equal") == (right.verdict, stage(right, "generated").status), right.headline
    rows[3]["generated_text"] += " film"
    wrong = engine.audit("wrong", rows, tmp_path, "--generate", "6")
    assert ("divergent", 1) == (wrong.verdict, stage(wrong, "generated").rows_beyond)


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        (
            {"token_logprobs": [None, 0.5]},
            "row 1: entry 1 is 0.5, and a log-probability is a number up to 0.",
        ),
        ({"token_logprobs": 3}, "row 1: token_logprobs is not a list."),
        ({"answers": 3}, "row 1: its answer is neither a text nor an object with one."),
        ({"generated_text": 3}, "row 1: generated_text is not a text."),
        ({"token_logprobs": [{"5": {"logprob": -1.0}}]}, "row 1: entry 0 names tokens by id"),
    ],
)
def test_a_row_of_another_form_is_refused_with_its_number(
    row: dict[str, Any], sentence: str, engine: Engine
) -> None:
    run = parity("inspect", engine.file("form", [{"text": "a film", **row}]))
    assert 2 == run.code
    assert sentence in run.complained


@pytest.mark.long
def test_a_file_of_selections_keeps_the_promises_of_an_adapter(engine: Engine) -> None:
    assert [] == check_adapter(engine.file("promises", engine.rows()), list(TEXTS))
