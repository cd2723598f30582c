"""Texts that must not change: with the cache the other way, in a batch, and through a streamer; and what a user's own call sets."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# transformers is typed in part only.

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any, cast

import pytest

from parity.border.description import Description
from parity.border.runner import Runner
from parity.errors import BadOptionValue
from parity.records.audit import Audit
from parity.records.generation import TextsAgain
from parity.subjects.subject import parse_subject
from parity_transformers import adapter
from tests.models import VOCABULARY, give_noise, tiny, write_tokenizer
from tests.real.asking import compare, stage

pytestmark = pytest.mark.real

_TEXTS = (
    "the film was good",
    "a dull plot and awful acting",
    "i love it",
    "we hate this movie",
    "never a boring story",
    "they like one",
)
# Positions begin anew at each step that has a cache, as in code that counts them from the ids it is given.
_RESTARTS = """
from transformers import GPT2LMHeadModel as _Plain

class GPT2LMHeadModel(_Plain):
    def forward(self, input_ids=None, past_key_values=None, attention_mask=None, position_ids=None, **others):
        if past_key_values is not None and input_ids.shape[1] == 1:
            position_ids = input_ids * 0
        known = {"past_key_values": past_key_values, "attention_mask": attention_mask, "position_ids": position_ids}
        return super().forward(input_ids, **known, **others)
"""


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small GPT-2 and a small Llama with large weights, so that their texts vary; prompts of unlike lengths."""
    folder = tmp_path_factory.mktemp("again")
    for family in ("gpt2", "llama"):
        model = tiny(
            family,
            "AutoModelForCausalLM",
            vocab_size=len(VOCABULARY),
            bos_token_id=2,
            eos_token_id=3,
            pad_token_id=0,
        )
        give_noise(model, 5, 0.4).save_pretrained(folder / family)
        write_tokenizer(folder / family)
    (folder / "texts.txt").write_text("\n".join(_TEXTS) + "\n", encoding="utf-8")
    return folder


def _compared(folders: Path, one: str, other: str, out: Path, *more: str) -> Audit:
    subjects = (f"hf:{folders / one}", f"hf:{folders / other}")
    return compare(*subjects, out, "--inputs", str(folders / "texts.txt"), "--generate", "6", *more)


def _again(audit: Audit, way: str) -> list[TextsAgain]:
    assert audit.generation is not None
    return [one for one in audit.generation.again if one.way == way]


@pytest.mark.parametrize("family", ["gpt2", "llama"])
def test_padding_on_the_left_and_the_cache_change_no_text(family: str, folders: Path, tmp_path: Path) -> None:
    left = f"{family}?padding_side=left"
    audit = _compared(folders, left, f"{left}&use_cache=false", tmp_path)
    # Nothing but rounding, whichever way the texts are made; use_cache is named all the same.
    for way in ("cache", "batch", "streamed"):
        for one in _again(audit, way):
            assert (6, []) == (one.rows, one.unexplained), one
    assert [False, True] == [one.use_cache for one in _again(audit, "cache")]
    assert [6, 6] == [one.batch for one in _again(audit, "batch")]
    assert "parity" == audit.verdict
    assert {"generated", "generated.batch", "generated.streamed"} <= {one.stage for one in audit.stages}
    assert "divergent" not in {one.status for one in audit.stages if one.stage.startswith("generated")}
    assert audit.generation is not None
    assert ["use_cache"] == [one.key for one in audit.generation.settings]
    (finding,) = [one for one in audit.findings if one.cause == "generation.settings"]
    assert "use_cache (True and False)" in finding.sentence


def test_prompts_padded_on_the_right_are_continued_otherwise_in_a_batch(
    folders: Path, tmp_path: Path
) -> None:
    alike = _compared(folders, "gpt2", "gpt2", tmp_path / "alike")
    assert "parity" == alike.verdict
    for one in _again(alike, "batch"):
        assert one.unexplained
        assert all(item.row != 1 for item in one.unexplained), "the longest prompt is not padded"
    named = [
        one
        for one in alike.findings
        if "generates other texts than for the same prompts alone" in one.sentence
    ]
    assert ["batch.composition", "batch.composition"] == [one.cause for one in named]
    assert "In a batch of 6, padded on the right, the reference" in named[0].sentence
    assert "padding_side=left" in (named[0].remedy or "")


def test_a_side_that_batches_gives_its_users_the_texts_of_its_batch(folders: Path, tmp_path: Path) -> None:
    audit = _compared(folders, "gpt2?batch_size=1", "gpt2?batch_size=6", tmp_path)
    assert audit.generation is not None
    assert ("divergent", {"reference": 1, "candidate": 6}) == (audit.verdict, audit.generation.batch)
    assert audit.first_divergence is not None
    assert "generated" == audit.first_divergence.stage
    assert "batch.composition" == audit.findings[0].cause


def test_padding_on_other_sides_is_seen_in_a_batch_of_texts(folders: Path, tmp_path: Path) -> None:
    audit = _compared(folders, "llama?padding_side=right", "llama?padding_side=left", tmp_path)
    assert audit.first_divergence is not None
    # A Llama's positions are relative: no forward differs, and yet its texts do.
    assert ("divergent", "generated") == (audit.verdict, audit.first_divergence.stage)
    assert "batch.composition" in {one.cause for one in audit.findings}


def test_a_side_whose_texts_depend_on_its_cache_is_never_parity(folders: Path, tmp_path: Path) -> None:
    folder = tmp_path / "restarts"
    shutil.copytree(folders / "gpt2", folder)
    (folder / "modeling_restarts.py").write_text(_RESTARTS, encoding="utf-8")
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    config["auto_map"] = {"AutoModelForCausalLM": "modeling_restarts.GPT2LMHeadModel"}
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    given = f"{folder}?trust_remote_code=true"
    audit = _compared(folders, given, given, tmp_path / "audit")
    assert "not_comparable" == audit.verdict
    assert [True, True] == [bool(one.unexplained) for one in _again(audit, "cache")]
    lost = [one for one in audit.not_compared if one.stage == "generated"]
    assert ["reference", "candidate"] == [one.side for one in lost if one.counts]
    assert "with use_cache=false the reference generates other texts" in lost[0].reason
    assert "generation.cache" in {one.cause for one in audit.findings}
    for name in ("report.html", "summary.md"):
        assert "Texts with the cache the other way" in (tmp_path / "audit" / name).read_text(encoding="utf-8")


def test_a_streamed_text_is_reported_where_it_is_another(folders: Path, tmp_path: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, TextIteratorStreamer

    cleaned = tmp_path / "cleaned"
    shutil.copytree(folders / "gpt2", cleaned)
    write_tokenizer(cleaned, clean_up_tokenization_spaces=True)
    audit = _compared(folders, str(cleaned), str(cleaned), tmp_path / "audit")
    tokenizer = cast("Any", AutoTokenizer).from_pretrained(cleaned)
    model: Any = AutoModelForCausalLM.from_pretrained(cleaned)
    unlike: list[int] = []
    for row, text in enumerate(_TEXTS):
        streamer: Any = TextIteratorStreamer(tokenizer, skip_prompt=True, skip_special_tokens=True)
        prompt = torch.tensor([tokenizer(text)["input_ids"]])
        ids = model.generate(prompt, streamer=streamer, max_new_tokens=6, do_sample=False)[
            0, prompt.shape[1] :
        ]
        if "".join(streamer) != tokenizer.decode(ids, skip_special_tokens=True):
            unlike.append(row)
    for one in _again(audit, "streamed"):
        assert (6, unlike) == (one.rows, [item.row for item in one.first_differences])
    assert "parity" == audit.verdict
    named = [one for one in audit.findings if one.cause == "generation.streaming"]
    assert (2 if unlike else 0) == len(named)


def test_a_side_that_draws_and_one_that_does_not_are_never_the_same(folders: Path, tmp_path: Path) -> None:
    audit = _compared(folders, "gpt2", "gpt2?generation.do_sample=true", tmp_path)
    assert ("divergent", "divergent") == (audit.verdict, stage(audit, "generated").status)
    found = audit.generation.distributions if audit.generation else None
    assert found is not None
    assert found.steps == found.beyond == found.support
    assert [0, 1, 2, 3, 4, 5] == found.rows_beyond == [one.row for one in found.first]
    assert all(0 == one.step and one.only_candidate > 0 == one.only_reference for one in found.first)
    assert "generation.settings" == audit.findings[0].cause
    for name in ("report.html", "summary.md"):
        assert "What is drawn from" in (tmp_path / name).read_text(encoding="utf-8")


def _described(folder: Path, options: str) -> Description:
    with Runner.start(parse_subject(f"hf:{folder}?{options}"), adapter, timeout=300) as runner:
        return runner.describe()


def test_a_setting_of_generation_is_typed_and_recorded(folders: Path) -> None:
    given = "generation.num_beams=3&generation.eos_token_id=[3, 7]&generation.early_stopping=never"
    found = _described(
        folders / "gpt2", f"{given}&generation.num_beam_groups=1&generation.top_p=0.7&use_cache=true"
    )
    assert (3, [3, 7], "never", 0.7) == tuple(
        found.generation[key] for key in ("num_beams", "eos_token_id", "early_stopping", "top_p")
    )
    changed = {item.setting: item.value for item in found.overridden}
    assert ("3", "[3, 7]", "0.7") == tuple(
        changed[f"generation.{key}"] for key in ("num_beams", "eos_token_id", "top_p")
    )
    notes = " ".join(found.notes)
    assert "generation.num_beam_groups=1 has no effect" in notes
    assert "generation.top_p=0.7 has an effect only with generation.do_sample=true" in notes
    assert "Forwards keep keys and values too" in notes


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("generation.num_beam=4", "Did you mean num_beams"),
        ("generation.num_beams=four", "Write a whole number"),
        ("generation.eos_token_id=three", "is the id of a token"),
        ("generation.use_cache=false", "Use ?use_cache="),
        ("generation.output_scores=true", "It does not change which text is generated"),
    ],
)
def test_a_setting_of_generation_that_cannot_be_is_refused(folders: Path, option: str, said: str) -> None:
    with pytest.raises(BadOptionValue) as caught:
        _described(folders / "gpt2", option)
    assert said in f"{caught.value.sentence} {caught.value.next_step}"
