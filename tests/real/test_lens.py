"""Each side's own head on every layer: a fault shows at its layer and not before it, and the last layer gives the model's own logits."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownLambdaType=false
# torch and transformers are typed in part only.

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import pytest

from parity._in_process import tap
from parity._in_process.head_replay import HeadReplay
from parity.records.audit import Audit, load_audit
from proof.tiny import build
from proof.vary import copy, vary
from tests.real.asking import ROOT, compare, parity

pytestmark = pytest.mark.real
TEXTS = ("a fine film it was", "dull", "the good film that i love and you hate", "bad story one two three")
LAYERS = ["embeddings", "layer.0", "layer.1", "layer.2"]
IDS = [[2, 7, 9, 11, 3, 0], [2, 8, 9, 10, 12, 3]]


def inputs(folder: Path) -> tuple[str, str]:
    path = folder / "texts.txt"
    path.write_text("\n".join(TEXTS) + "\n", encoding="utf-8")
    return "--inputs", str(path)


def opened(name: str, folder: Path) -> tuple[Any, dict[str, Any], list[Any]]:
    """A model, what it is called with, and its places."""
    import torch
    import transformers

    path = build(name, folder / "m", seed=1)
    model: Any = getattr(transformers, name).from_pretrained(path).eval()
    ids = torch.tensor(IDS)
    given = {"input_ids": ids, "attention_mask": (ids != 0).long(), "return_dict": True}
    takes = inspect.signature(model.forward).parameters
    return model, {key: value for key, value in given.items() if key in takes}, list(tap.locate(model))


def replayed(model: Any, given: dict[str, Any], sites: list[Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The answer, and what was written."""
    import torch

    wrote: dict[str, Any] = {}
    replay = HeadReplay(
        model,
        sites,
        lambda output: [("logits", output.logits, ("row", "class"))],
        {"lens": {"output": "logits", "top": 3}},
        lambda stage, values, _: wrote.__setitem__(stage, values.clone()),
        None,
    )
    with torch.no_grad(), replay:
        model(**given)
    return replay.answer()["lens"], wrote


# What stands between the last layer and the logits, by what each library calls it.
HEADS: dict[str, Any] = {
    "Bert": lambda m, hidden: m.classifier(m.bert.pooler(hidden)),
    "Roberta": lambda m, hidden: m.classifier(hidden),
    "DistilBert": lambda m, hidden: m.classifier(m.pre_classifier(hidden[:, 0]).relu()),
    "Electra": lambda m, hidden: m.classifier(hidden),
    "Albert": lambda m, hidden: m.classifier(m.albert.pooler_activation(m.albert.pooler(hidden[:, 0]))),
    "DebertaV2": lambda m, hidden: m.classifier(m.pooler(hidden)),
    "ModernBert": lambda m, hidden: m.classifier(m.head(m.model.final_norm(hidden)[:, 0])),
    "GPT2": lambda m, hidden: m.score(m.transformer.ln_f(hidden))[[0, 1], [4, 5]],
    "Llama": lambda m, hidden: m.score(m.model.norm(hidden))[[0, 1], [4, 5]],
}


@pytest.mark.parametrize("name", HEADS)
def test_every_layer_gets_the_head_as_the_model_has_it_and_the_model_is_what_it_was(
    name: str, tmp_path: Path
) -> None:
    import torch

    model, given, sites = opened(f"{name}ForSequenceClassification", tmp_path)
    seen: dict[str, Any] = {}
    with torch.no_grad(), tap.Tap(sites, lambda stage, values, _: seen.__setitem__(stage, values.clone())):
        plain = model(**given).logits
    before = tap.weights_digest(tap.parameters(model))
    answer, wrote = replayed(model, given, sites)
    assert {"stages": LAYERS, "reason": ""} == answer
    assert torch.equal(plain, wrote["lens.layer.2"])
    with torch.no_grad():
        expected = {stage: HEADS[name](model, seen[stage]) for stage in LAYERS}
        again = model(**given).logits
    for stage in LAYERS:
        torch.testing.assert_close(wrote[f"lens.{stage}"], expected[stage], rtol=1e-5, atol=1e-6)
    assert torch.equal(plain, again) and before == tap.weights_digest(tap.parameters(model))
    assert [] == [path for path, module in model.named_modules() if "forward" in module.__dict__]


def test_a_head_that_reads_other_layers_as_well_is_not_applied_and_says_so(tmp_path: Path) -> None:
    model, given, sites = opened("BertForSequenceClassification", tmp_path)
    inner = model.forward

    def mixed(**kwargs: Any) -> Any:
        found = inner(**kwargs, output_hidden_states=True)
        found.logits = found.logits + model.classifier(model.bert.pooler(found.hidden_states[1]))
        return found

    model.forward = mixed
    answer, wrote = replayed(model, given, sites)
    assert [] == answer["stages"] and {} == wrote
    assert "does not give the model's logits: it reads more than that" in answer["reason"]


def test_layers_that_are_no_modules_of_their_own_are_named_as_such(tmp_path: Path) -> None:
    answer, _ = replayed(*opened("SqueezeBertForSequenceClassification", tmp_path))
    assert {"stages": [], "reason": "its layers are not modules of their own"} == answer


@pytest.fixture(scope="module")
def bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("BertForSequenceClassification", tmp_path_factory.mktemp("bert") / "m", seed=1)


def _distances(audit: Audit, temperature: float = 1.0) -> dict[str, float | None]:
    return {
        one.stage: next(item.tv_mean for item in one.temperatures if item.temperature == temperature)
        for one in audit.lens
    }


def _same(audit: Audit) -> dict[str, bool]:
    return {one.stage: {one.decided} == {item.agree for item in one.temperatures} for one in audit.lens}


def _record(audit: Audit) -> tuple[int, str]:
    return next((one.rows, one.reason) for one in audit.passes if one.name == "lens")


def test_the_twin_is_the_same_at_every_layer_and_temperature(bert: Path, tmp_path: Path) -> None:
    given = (*inputs(tmp_path), "--temperature", "3")
    audit = compare(f"hf:{bert}", f"hf:{copy(bert, tmp_path / 'twin')}", tmp_path / "out", *given)
    assert ("parity", LAYERS, (4, "")) == (audit.verdict, [one.stage for one in audit.lens], _record(audit))
    assert {(4, 0, None)} == {(one.decided, one.undefined, one.over) for one in audit.lens}
    for one in audit.lens:
        assert [0.5, 1.0, 2.0, 3.0] == [item.temperature for item in one.temperatures]
        seen = {
            (item.js_mean, item.tv_mean, item.max_abs_probability, item.agree) for item in one.temperatures
        }
        assert {(0.0, 0.0, 0.0, 4)} == seen
    assert [] == [one for one in audit.exhibits if one.of == "lens"]


def test_a_fault_of_a_layer_shows_there_and_not_before_it(bert: Path, tmp_path: Path) -> None:
    vary(bert, tmp_path / "faulty", ["*encoder.layer.1.output.dense.*"], 30.0)
    run = parity(
        "compare",
        f"hf:{bert}",
        f"hf:{tmp_path / 'faulty'}",
        "--out",
        str(tmp_path / "out"),
        *inputs(tmp_path),
    )
    audit = load_audit(tmp_path / "out" / "audit.json")
    assert "divergent" == audit.verdict and run.code == 1
    found = _distances(audit)
    assert (0.0, 0.0) == (found["embeddings"], found["layer.0"])
    assert (found["layer.1"] or 0.0) > 0.05 and (found["layer.2"] or 0.0) > 0.01
    assert (True, True, False) == tuple(_same(audit)[stage] for stage in LAYERS[:3])
    # The last layer is what the decisions themselves are taken from.
    assert audit.decisions is not None
    decided = next(item for item in audit.decisions.temperatures if item.temperature == 1.0)
    last = next(item for item in audit.lens[-1].temperatures if item.temperature == 1.0)
    assert (decided.tv_mean, decided.js_mean) == pytest.approx((last.tv_mean, last.js_mean), rel=1e-9)
    assert (decided.agree, decided.max_abs_probability) == (last.agree, last.max_abs_probability)
    assert "decisions are the same up to layer.0 and first differ at layer.1" in run.said
    (shown,) = [one for one in audit.exhibits if one.of == "lens"]
    assert LAYERS == [row[0] for row in shown.rows]
    assert "What each layer would have decided" in (tmp_path / "out" / "report.html").read_text("utf-8")


def test_a_wrong_head_is_wrong_on_every_layer(bert: Path, tmp_path: Path) -> None:
    vary(bert, tmp_path / "faulty", ["classifier.weight"], 3.0)
    audit = compare(f"hf:{bert}", f"hf:{tmp_path / 'faulty'}", tmp_path / "out", *inputs(tmp_path))
    assert [] == [stage for stage, size in _distances(audit).items() if (size or 0.0) < 1e-3]


def test_a_language_model_is_compared_on_the_likeliest_tokens_of_its_last_layer(tmp_path: Path) -> None:
    model = build("GPT2LMHeadModel", tmp_path / "gpt2", seed=1)
    vary(model, tmp_path / "faulty", ["*h.1.mlp.c_proj.weight"], 3.0)
    audit = compare(f"hf:{model}", f"hf:{tmp_path / 'faulty'}", tmp_path / "out", *inputs(tmp_path))
    assert {10} == {one.over for one in audit.lens}
    found = _distances(audit)
    assert (0.0, 0.0) == (found["embeddings"], found["layer.0"])
    assert min(found["layer.1"] or 0.0, found["layer.2"] or 0.0) > 1e-3
    # On so few texts the decisions of the last layer are all that there are.
    assert audit.decisions is not None
    assert (audit.decisions.examples, audit.decisions.agree) == (
        audit.lens[-1].decided,
        audit.lens[-1].temperatures[0].agree,
    )


def test_a_side_without_layers_to_reach_says_why(bert: Path, tmp_path: Path) -> None:
    parity("record", f"hf:{bert}", *inputs(tmp_path), "--out", str(tmp_path / "golden.trace"))
    audit = compare(f"trace:{tmp_path / 'golden.trace'}", f"hf:{bert}", tmp_path / "out")
    assert ("parity", [], (0, "the reference replays what was recorded")) == (
        audit.verdict,
        audit.lens,
        _record(audit),
    )


def test_a_head_that_cannot_be_applied_costs_no_verdict(tmp_path: Path) -> None:
    model = build("SqueezeBertForSequenceClassification", tmp_path / "m", seed=1)
    audit = compare(
        f"hf:{model}", f"hf:{copy(model, tmp_path / 'twin')}", tmp_path / "out", *inputs(tmp_path)
    )
    reason = "the reference: its layers are not modules of their own"
    assert ("parity", [], (0, reason)) == (audit.verdict, audit.lens, _record(audit))


@pytest.mark.usefixtures("cold")
def test_an_archive_and_its_port_are_the_same_layer_by_layer(tmp_path: Path) -> None:
    audit = compare(
        "allennlp:fixtures/reviews.tar.gz",
        "hf:fixtures/port",
        tmp_path,
        *("--inputs", str(ROOT / "fixtures" / "reviews.jsonl")),
    )
    assert ("parity", LAYERS) == (audit.verdict, [one.stage for one in audit.lens])
    assert {True} == set(_same(audit).values())
    assert [] == [stage for stage, size in _distances(audit).items() if (size or 0.0) > 1e-6]
