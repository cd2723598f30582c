"""The table of pipelines: a task is found by the architecture, and an option that it does not take is refused."""

from __future__ import annotations

from typing import cast

import pytest

from parity._in_process.host import Host, Refusal
from parity._in_process.wire import LineWriter
from parity_pipeline.calls import CALLS, not_there, read

HOST = Host(cast("LineWriter", None))  # nothing is reported here


@pytest.mark.parametrize(
    ("architecture", "task"),
    [
        ("BertForSequenceClassification", "text-classification"),
        ("BertForTokenClassification", "token-classification"),
        ("BertForQuestionAnswering", "question-answering"),
        ("RobertaForMaskedLM", "fill-mask"),
        ("LlamaForCausalLM", "text-generation"),
        ("GPT2LMHeadModel", "text-generation"),
        ("PegasusForConditionalGeneration", "summarization"),
        ("MarianMTModel", "translation"),
        ("DistilBertModel", "feature-extraction"),
    ],
)
def test_a_task_is_found_by_the_architecture(architecture: str, task: str) -> None:
    found = read({}, "m", [architecture], HOST)
    assert (task, task, "config.json") == (found.call.task, found.task, found.by)


@pytest.mark.parametrize(
    "architectures", [[], ["BartForConditionalGeneration"], ["BertForNextSentencePrediction"]]
)
def test_what_does_not_tell_its_pipeline_is_refused_with_those_there_are(architectures: list[str]) -> None:
    with pytest.raises(Refusal) as refused:
        read({}, "m", architectures, HOST)
    assert refused.value.next_step.startswith("Name it: ?task=summarization")


def test_a_translation_may_name_its_languages() -> None:
    found = read({"task": "translation_en_to_de"}, "m", [], HOST)
    assert ("translation", "translation_en_to_de", "?task=") == (found.call.task, found.task, found.by)


def test_options_are_split_into_what_it_is_made_and_called_with() -> None:
    given = {"task": "summarization", "batch_size": "4", "truncation": "true", "generation.num_beams": "2"}
    found = read(given, "m", [], HOST)
    assert ({"batch_size": 4}, {"truncation": True}, {"num_beams": 2}) == (
        found.made_with,
        found.called_with,
        found.generation,
    )


def test_an_option_of_another_task_has_no_effect_and_is_refused() -> None:
    with pytest.raises(Refusal) as refused:
        read({"candidate_labels": "a,b"}, "m", ["BertForMaskedLM"], HOST)
    assert (
        "candidate_labels=a,b has no effect: the pipeline fill-mask does not take it."
        == refused.value.sentence
    )


def test_a_task_that_a_library_does_not_have_names_a_version_that_has_it() -> None:
    assert "version 4.57.1 has it" in not_there("translation", "transformers 5.0", HOST).sentence


def test_every_task_has_a_name_of_its_own() -> None:
    assert len(CALLS) == len({call.task for call in CALLS}) == 9
