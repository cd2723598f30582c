"""Generated texts: the same, other by the settings, by a wrong head, or by rounding, which a float64 run confirms."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# transformers is typed in part only.

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from parity.records.audit import Audit
from parity.records.generation import Generation
from tests.models import VOCABULARY, give_noise, tiny, tiny_bert, write_tokenizer
from tests.real.asking import compare, parity, stage

pytestmark = pytest.mark.real

_TEXTS = (
    "the film was good",
    "a dull plot and awful acting",
    "i love it",
    "we hate this movie",
    "never a boring story",
    "they like one",
)


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("texts") / "texts.txt"
    path.write_text("\n".join(_TEXTS) + "\n", encoding="utf-8")
    return path


def _generator(family: str, folder: Path) -> Path:
    """A small model with large weights, so that its texts vary."""
    model = tiny(
        family,
        "AutoModelForCausalLM",
        vocab_size=len(VOCABULARY),
        bos_token_id=2,
        eos_token_id=3,
        pad_token_id=0,
    )
    give_noise(model, 3, 0.4).save_pretrained(folder)
    return write_tokenizer(folder)


@pytest.fixture(scope="module")
def gpt2(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _generator("gpt2", tmp_path_factory.mktemp("gpt2") / "gpt2")


@pytest.fixture(scope="module")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _generator("llama", tmp_path_factory.mktemp("llama") / "llama")


@pytest.fixture(scope="module")
def bart(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bart") / "bart"
    model = tiny("bart", "AutoModelForSeq2SeqLM", vocab_size=len(VOCABULARY))
    give_noise(model, 3, 0.4).save_pretrained(folder)
    return write_tokenizer(folder)


def _copy(folder: Path, to: Path, **settings: Any) -> Path:
    """A copy with other settings of generation."""
    shutil.copytree(folder, to)
    path = to / "generation_config.json"
    path.write_text(
        json.dumps({**json.loads(path.read_text(encoding="utf-8")), **settings}), encoding="utf-8"
    )
    return to


def _generated(audit: Audit) -> Generation:
    assert audit.generation is not None
    return audit.generation


def test_a_copy_generates_the_same_texts_which_every_report_shows(
    gpt2: Path, texts: Path, tmp_path: Path
) -> None:
    audit = compare(f"hf:{gpt2}", f"hf:{gpt2}", tmp_path, "--inputs", str(texts), "--generate", "6")
    found = _generated(audit)
    assert (6, 6, 6, "greedy", []) == (
        found.rows,
        found.equal,
        found.new_tokens,
        found.method,
        found.first_differences,
    )
    assert "equal" == stage(audit, "generated").status
    (exhibit,) = [one for one in audit.exhibits if one.title == "Generated texts"]
    assert "text_pair" == exhibit.kind
    text = str(exhibit.rows[0][-1])
    assert text and text == exhibit.rows[0][-2]
    for name in ("report.html", "summary.md"):
        assert "Generated texts" in (tmp_path / name).read_text(encoding="utf-8")


def test_without_a_request_nothing_is_generated(gpt2: Path, texts: Path, tmp_path: Path) -> None:
    audit = compare(f"hf:{gpt2}", f"hf:{gpt2}", tmp_path, "--inputs", str(texts))
    assert audit.generation is None
    (record,) = [one for one in audit.passes if one.name == "generation"]
    assert (0, "generation was not requested (--generate N)") == (record.rows, record.reason)


def test_a_side_that_generates_nothing_says_so_and_it_counts(texts: Path, tmp_path: Path) -> None:
    folder = tiny_bert(tmp_path / "bert")
    audit = compare(
        f"hf:{folder}", f"hf:{folder}", tmp_path / "audit", "--inputs", str(texts), "--generate", "4"
    )
    assert "not_comparable" == audit.verdict
    (item,) = [one for one in audit.not_compared if one.stage == "generated"]
    assert ("neither side generates texts", True) == (item.reason, item.counts)


@pytest.mark.false_pass(28)
def test_other_settings_give_other_texts_and_are_the_cause(bart: Path, texts: Path, tmp_path: Path) -> None:
    settings = {"max_length": 60, "min_length": 6, "num_beams": 3, "no_repeat_ngram_size": 2}
    full = _copy(bart, tmp_path / "full", **settings)
    audit = compare(
        f"hf:{full}", f"hf:{bart}", tmp_path / "audit", "--inputs", str(texts), "--generate", "12"
    )
    found = _generated(audit)
    assert "divergent" == audit.verdict
    assert audit.first_divergence is not None
    assert "generated" == audit.first_divergence.stage
    assert found.same_settings is not None
    assert 6 == found.same_settings.equal
    assert found.equal < 6
    assert settings == {item.key: item.reference for item in found.settings if item.key in settings}
    assert "generation.settings" == audit.findings[0].cause
    assert "num_beams (3 and 1)" in audit.findings[0].sentence
    assert "with the reference's settings 6 of 6 are" in audit.findings[0].sentence


def _with_another_head(folder: Path, to: Path) -> Path:
    """A copy whose head prefers other tokens: only its embeddings' copy in the head is changed, which no hidden state reads."""
    import torch
    from transformers import AutoModelForCausalLM

    shutil.copytree(folder, to)
    model: Any = AutoModelForCausalLM.from_pretrained(folder)
    model.config.tie_word_embeddings = False
    generator = torch.Generator().manual_seed(5)
    head = model.lm_head.weight.detach().clone()
    model.lm_head.weight = torch.nn.Parameter(head + 0.3 * torch.randn(head.shape, generator=generator))
    model.save_pretrained(to)
    return to


def test_a_wrong_head_is_divergent_at_the_texts_and_no_noise(gpt2: Path, texts: Path, tmp_path: Path) -> None:
    wrong = _with_another_head(gpt2, tmp_path / "wrong")
    audit = compare(
        f"hf:{gpt2}",
        f"hf:{wrong}",
        tmp_path / "audit",
        "--inputs",
        str(texts),
        "--generate",
        "8",
        "--policy",
        "decisions",
    )
    found = _generated(audit)
    assert ("divergent", "divergent") == (audit.verdict, stage(audit, "generated").status)
    assert found.first_differences
    for item in found.first_differences:
        assert item.explained_by_noise is False
        assert item.margin is not None and item.noise is not None
        assert item.margin > 0 and item.noise < 1e-4


def _plain(folder: Path, dtype: Any) -> Any:
    import transformers

    model: Any = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=dtype)
    return model.eval()


@pytest.mark.long
@pytest.mark.parametrize("family", ["gpt2", "llama"])
def test_flips_of_bfloat16_are_marked_as_a_float64_run_finds_them(
    family: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    import torch
    from transformers import AutoTokenizer

    lines = [f"{one} {two}" for one in _TEXTS for two in ("good", "bad", "it", "the film", "a plot")]
    folder: Path = request.getfixturevalue(family)
    inputs = tmp_path / "many.txt"
    inputs.write_text("\n".join(lines) + "\n", encoding="utf-8")
    audit = compare(
        f"hf:{folder}",
        f"hf:{folder}?dtype=bfloat16",
        tmp_path / "audit",
        "--inputs",
        str(inputs),
        "--generate",
        "10",
    )
    found = _generated(audit)
    assert found.first_differences, "this model is to flip in bfloat16"
    tokenizer: Any = AutoTokenizer.from_pretrained(folder)
    models = [_plain(folder, dtype) for dtype in (torch.float32, torch.bfloat16, torch.float64)]
    for item in found.first_differences:
        assert item.position is not None
        prompt = torch.tensor([tokenizer(lines[item.row])["input_ids"]])
        texts = [
            model.generate(prompt, max_new_tokens=10, do_sample=False)[0].tolist() for model in models[:2]
        ]
        at = prompt.shape[1] + item.position
        chosen = [text[at] for text in texts]
        assert texts[0][:at] == texts[1][:at]
        assert [item.reference, item.candidate] == tokenizer.convert_ids_to_tokens(chosen)
        with torch.no_grad():
            single, half, double = (
                model(torch.tensor([texts[0][:at]])).logits[0, -1].double() for model in models
            )
        margin = float(single[chosen[0]] - single[chosen[1]])
        assert item.margin == pytest.approx(margin, rel=1e-3, abs=1e-5)
        # What rounding has to move for the flip is no more than it moves somewhere.
        moved = float((half - double).abs().max())
        within = float(double[chosen[0]] - double[chosen[1]]) <= 2 * moved
        assert within == item.explained_by_noise


@pytest.mark.parametrize(("temperature", "beyond"), [(0.7, False), (1.3, True)])
def test_what_is_drawn_from_is_compared_after_the_processors(
    gpt2: Path, texts: Path, tmp_path: Path, temperature: float, beyond: bool
) -> None:
    sampling = {"do_sample": True, "temperature": 0.7, "top_k": 12, "top_p": 0.9, "repetition_penalty": 1.3}
    one = _copy(gpt2, tmp_path / "one", **sampling)
    other = _copy(gpt2, tmp_path / "other", **dict(sampling, temperature=temperature))
    audit = compare(f"hf:{one}", f"hf:{other}", tmp_path / "audit", "--inputs", str(texts), "--generate", "6")
    found = _generated(audit)
    assert found.distributions is not None
    assert found.distributions.steps > 20
    assert beyond == (found.distributions.beyond > 0)
    assert ("divergent" if beyond else "equal") == stage(audit, "generated").status
    if beyond:
        assert "generation.settings" == audit.findings[0].cause


def test_a_number_of_tokens_is_a_whole_number(gpt2: Path) -> None:
    run = parity("compare", f"hf:{gpt2}", f"hf:{gpt2}", "--generate", "few")
    assert 2 == run.code
    assert "--generate" in run.complained
