"""`parity seeds` on runs of every task that has a metric: real tiny models, trained for a moment, with other seeds."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from parity.records.seed_audit import SeedAudit, load_seed_audit
from tests.models import VOCABULARY, tiny, write_tokenizer
from tests.real.asking import parity
from tests.trained_tasks import rows_of, trained, write_rows

pytestmark = [pytest.mark.real, pytest.mark.long]
_RUNS = 3


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of all runs and rows."""
    return tmp_path_factory.mktemp("tasks")


def subjects(place: Path, kind: str, options: str = "", count: int = _RUNS) -> list[str]:
    folders = [place / f"{kind}-{seed}" for seed in range(count)]
    made = [folder if folder.exists() else trained(kind, folder, seed) for seed, folder in enumerate(folders)]
    return [f"hf:{folder}{options}" for folder in made]


def audit(out: Path, runs: list[str], rows: Path, *arguments: str) -> SeedAudit:
    run = parity("seeds", *runs, "--inputs", str(rows), "--out", str(out), "--jobs", "2", *arguments)
    assert run.code in {0, 1}, run.complained
    found = load_seed_audit(out / "audit.json")
    assert run.code == found.exit_code
    return found


def refused(runs: list[str], rows: Path, *arguments: str) -> str:
    run = parity("seeds", *runs, "--inputs", str(rows), "--out", str(rows.parent / "refused"), *arguments)
    assert run.code == 2, run.said
    assert "Traceback" not in run.complained
    return run.complained


def values(found: SeedAudit, metric: str) -> list[float]:
    return [value for value in found.metrics[metric].spread.values if value is not None]


def perplexities(place: Path, rows: list[dict[str, Any]]) -> list[float]:
    """As transformers' own loss has it: the mean over the tokens of each text, put together by hand."""
    import torch
    import transformers

    auto: Any = transformers
    found: list[float] = []
    for seed in range(_RUNS):
        folder = place / f"lm-{seed}"
        model, tokenizer = (
            auto.AutoModelForCausalLM.from_pretrained(folder),
            auto.AutoTokenizer.from_pretrained(folder),
        )
        total, count = 0.0, 0
        for row in rows:
            given = tokenizer(row["text"], return_tensors="pt")
            ids = given["input_ids"]
            with torch.no_grad():
                loss = float(model(**given, labels=ids).loss)
            total, count = total + loss * (ids.shape[1] - 1), count + ids.shape[1] - 1
        found.append(math.exp(total / count))
    return found


def test_language_models_are_judged_by_perplexity_and_churn_of_tokens(place: Path, tmp_path: Path) -> None:
    runs, rows = subjects(place, "lm"), rows_of("lm")
    path = write_rows(place / "lm.jsonl", rows)
    found = audit(tmp_path / "out", runs, path, "--margin", "0.5")
    assert ("tokens", "perplexity", {"perplexity"}) == (
        found.counted,
        found.margins.primary,
        set(found.metrics),
    )
    assert pytest.approx(perplexities(place, rows), rel=1e-4) == values(found, "perplexity")
    assert found.churn is not None
    assert ("tokens", len(rows)) == (found.churn.of, found.churn.examples)
    assert "of tokens differently" in found.headline
    assert found.metrics["perplexity"].overall is not None
    assert found.metrics["perplexity"].seed is None
    assert [] == found.contested
    # A trace holds what perplexity and churn need: the same audit.
    traces: list[str] = []
    for number, run in enumerate(runs):
        trace = tmp_path / f"{number}.trace"
        assert parity("record", run, "--inputs", str(path), "--out", str(trace)).code == 0
        traces.append(f"trace:{trace}")
    again = audit(tmp_path / "again", traces, path, "--margin", "0.5")
    assert pytest.approx(values(found, "perplexity"), rel=1e-5) == values(again, "perplexity")
    assert again.churn is not None
    assert found.churn.matrix == again.churn.matrix


def test_a_language_model_of_other_tokens_is_excluded_and_one_that_learnt_nothing_has_failed(
    place: Path, tmp_path: Path
) -> None:
    path = write_rows(place / "lm.jsonl", rows_of("lm"))
    other, random = tmp_path / "other", tmp_path / "random"
    trained("lm", other, 0, steps=1)
    write_tokenizer(other, lowercase=False)
    tiny("gpt2", "AutoModelForCausalLM", vocab_size=len(VOCABULARY)).save_pretrained(random)
    write_tokenizer(random)
    vocabulary = (other / "vocab.txt").read_text("utf-8").splitlines()
    vocabulary[vocabulary.index("film")] = "filmx"
    (other / "vocab.txt").write_text("\n".join(vocabulary) + "\n", "utf-8")
    found = audit(tmp_path / "out", [*subjects(place, "lm"), f"hf:{other}", f"hf:{random}"], path)
    assert ["kept"] * 3 + ["left_out", "failed"] == [run.standing for run in found.runs]
    assert "splits the texts into other tokens" in found.runs[3].reason
    assert "commonest token" in found.runs[4].reason
    assert "unstable" == found.verdict


def test_masked_language_models_are_judged_with_each_token_masked_in_turn(
    place: Path, tmp_path: Path
) -> None:
    rows = rows_of("mlm")[:12]
    rows[3] = {"text": "the [MASK] is very good"}
    path = write_rows(place / "mlm.jsonl", rows)
    runs = subjects(place, "mlm")
    found = audit(tmp_path / "out", runs, path, "--margin", "0.5")
    assert ("tokens", 11) == (found.counted, found.metrics["perplexity"].examples)
    assert all(1 < value < 30 for value in values(found, "perplexity"))
    assert "11 of 12 examples, those with a token that is predicted" in found.headline
    trace = tmp_path / "run.trace"
    assert parity("record", runs[0], "--inputs", str(path), "--out", str(trace)).code == 0
    assert "has no perplexity" in refused([f"trace:{trace}", f"trace:{trace}"], path)


def test_multiple_choice_is_judged_by_input_whatever_its_number_of_choices(
    place: Path, tmp_path: Path
) -> None:
    rows = rows_of("choice")[:24]
    for row in rows[::4]:
        row["choices"].append("it is not lovely")
    path = write_rows(place / "choice.jsonl", rows)
    runs = subjects(place, "choice")
    found = audit(tmp_path / "out", runs, path, "--metric", "nll")
    assert ("choices", "nll", 24, []) == (
        found.counted,
        found.margins.primary,
        found.inputs.count,
        found.classes,
    )
    assert {"accuracy", "nll", "brier"} <= set(found.metrics)
    assert "macro_f1" not in found.metrics
    assert all(value > 0.9 for value in values(found, "accuracy"))
    assert found.agreement is not None
    assert found.agreement.kappa is None
    assert found.churn is not None
    assert 24 == found.churn.examples
    assert found.arms[0].distances[0].js.value is not None
    assert "macro_f1 does not apply to these runs, which decide by choices" in refused(
        runs, path, "--metric", "macro_f1"
    )


def test_next_sentence_prediction_is_judged_as_classes_are(place: Path, tmp_path: Path) -> None:
    path = write_rows(place / "nsp.jsonl", rows_of("nsp"))
    found = audit(tmp_path / "out", subjects(place, "nsp"), path)
    assert ("classes", "accuracy", ["is next", "is not next"]) == (
        found.counted,
        found.margins.primary,
        found.classes,
    )
    assert all(value > 0.9 for value in values(found, "accuracy"))
    assert {"accuracy", "macro_f1", "nll", "brier"} <= set(found.metrics)
    assert found.agreement is not None
    assert found.agreement.kappa is not None


def test_regressions_are_judged_by_the_ranks_of_their_values_alone(place: Path, tmp_path: Path) -> None:
    rows = rows_of("score")
    path = write_rows(place / "score.jsonl", rows)
    runs = subjects(place, "score")
    found = audit(tmp_path / "out", runs, path, "--margin", "0.5")
    assert ("scores", "spearman", {"spearman"}) == (found.counted, found.margins.primary, set(found.metrics))
    assert all(value > 0.5 for value in values(found, "spearman"))
    assert (None, None, []) == (found.churn, found.agreement, found.arms[0].distances)
    assert "These runs decide nothing: Spearman's correlation alone was judged." in found.headline
    bare = write_rows(place / "bare.jsonl", [{"text": row["text"]} for row in rows])
    found = audit(tmp_path / "bare", runs, bare, "--allow-inconclusive")
    assert ("inconclusive", "not_measured") == (found.verdict, found.runs_needed.kind)
    assert "needs a number for each example" in found.headline
    assert "recall_at_k does not apply to these runs" in refused(runs, path, "--metric", "recall_at_k")


def test_embeddings_are_judged_by_spearman_in_pairs_and_by_recall_alone(place: Path, tmp_path: Path) -> None:
    runs = subjects(place, "embed", "?pooling=mean")
    pairs = write_rows(place / "pairs.jsonl", rows_of("pairs"))
    found = audit(tmp_path / "pairs", runs, pairs)
    assert ("scores", "spearman", len(rows_of("pairs"))) == (
        found.counted,
        found.margins.primary,
        found.metrics["spearman"].examples,
    )
    texts = write_rows(place / "texts.jsonl", rows_of("texts"))
    found = audit(tmp_path / "texts", runs, texts)
    assert ("vectors", "recall_at_k", 40) == (
        found.counted,
        found.margins.primary,
        found.metrics["recall_at_k"].examples,
    )
    assert all(value > 0.9 for value in values(found, "recall_at_k"))
    report = (tmp_path / "texts" / "report.html").read_text("utf-8")
    assert "decide nothing" in report
    assert "pooling=mean" in refused(subjects(place, "embed"), texts)
    mixed = write_rows(
        place / "mixed.jsonl", [*rows_of("pairs")[:3], {"sentence1": "a film", "sentence2": None}]
    )
    assert "pairs alone" in refused(runs, mixed)


def test_two_arms_of_language_models_are_compared_by_perplexity_and_by_their_tokens(
    place: Path, tmp_path: Path
) -> None:
    path = write_rows(place / "lm.jsonl", rows_of("lm"))
    short: list[str] = []
    for seed in range(3):
        short += ["--baseline", f"hf:{trained('lm', tmp_path / str(seed), 10 + seed, steps=25)}"]
    found = audit(tmp_path / "out", subjects(place, "lm"), path, "--margin", "0.2", *short)
    assert found.baseline is not None
    difference = found.baseline.differences["perplexity"]
    assert difference.estimate.interval is not None
    assert (difference.estimate.value or 0) < 0
    assert found.baseline.excess_churn is not None
    assert json.loads((tmp_path / "out" / "audit.json").read_text("utf-8"))["counted"] == "tokens"
