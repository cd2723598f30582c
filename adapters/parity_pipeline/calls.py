"""The table of pipelines: which architectures have which, what each is given, and what its outputs mean. One row a task."""

from __future__ import annotations

import json
from typing import Any, NamedTuple, Sequence

__all__ = ["CALLS", "Call", "Chosen", "not_there", "read"]

_MADE_WITH = ("batch_size", "device", "dtype")
_LAST_WITH = "4.57.1"  # of the tasks that version 5 of the library does not have


class Call(NamedTuple):
    """One task of the library's: its name there, what parity calls it, how the names of its architectures end, and the options that it takes.

    `pairs` says whether a row is a text or two. `generates`: its output is a text.
    """

    task: str
    means: str
    endings: tuple[str, ...]
    options: tuple[str, ...] = ()
    pairs: str = "no"
    generates: bool = False


CALLS = (
    Call(
        "text-classification",
        "sequence_classification",
        ("ForSequenceClassification",),
        ("function_to_apply", "truncation"),
        "optional",
    ),
    Call(
        "token-classification", "token_classification", ("ForTokenClassification",), ("aggregation_strategy",)
    ),
    Call(
        "question-answering",
        "question_answering",
        ("ForQuestionAnswering",),
        ("max_answer_len", "align_to_words"),
        "required",
    ),
    Call("fill-mask", "masked_lm", ("ForMaskedLM",), ("top_k",)),
    Call("text-generation", "causal_lm", ("ForCausalLM", "LMHeadModel"), ("generation",), generates=True),
    Call(
        "summarization",
        "seq2seq",
        ("PegasusForConditionalGeneration",),
        ("generation", "truncation"),
        generates=True,
    ),
    Call(
        "translation", "seq2seq", ("MTModel", "MarianMTModel"), ("generation", "truncation"), generates=True
    ),
    Call(
        "zero-shot-classification",
        "sequence_classification",
        (),
        ("candidate_labels", "hypothesis_template", "multi_label"),
        "required",
    ),
    Call("feature-extraction", "encoder", ("Model",), ("truncation",)),
)


class Chosen(NamedTuple):
    """The call as the user wants it: `task` as the library takes it (a translation names its languages), what the pipeline is made with and what
    it is called with; `by` is what the task was found by."""

    call: Call
    task: str
    by: str
    made_with: dict[str, Any]
    called_with: dict[str, Any]
    generation: dict[str, Any]


def read(given: dict[str, str], name: str, architectures: Sequence[str], host: Any) -> Chosen:
    """The call of a folder; refuses a task that is not known or cannot be found, and an option that the task does not take."""
    task = given.get("task", "")
    call = _named(task, host) if task else _found(name, architectures, host)
    called: dict[str, Any] = {}
    generation: dict[str, Any] = {}
    for option, text in given.items():
        group, _, key = option.partition(".")
        if option == "task" or option in _MADE_WITH:
            continue
        if group not in call.options:
            raise host.Refusal(
                "bad-option-value",
                f"{option}={text} has no effect: the pipeline {call.task} does not take it.",
                "It takes: {}.".format(", ".join((*_MADE_WITH, *(_written(one) for one in call.options)))),
            )
        if key:
            generation[key] = _value(text)
        else:
            called[option] = (
                _value(text) if option not in ("candidate_labels", "hypothesis_template") else text
            )
    made = {
        one: _value(given[one]) if one == "batch_size" else given[one] for one in _MADE_WITH if one in given
    }
    return Chosen(call, task or call.task, "?task=" if task else "config.json", made, called, generation)


def not_there(task: str, library: str, host: Any) -> Any:
    """The refusal of a task that the library of this interpreter does not have."""
    return host.Refusal(
        "bad-option-value",
        f"{library} has no pipeline {task}; version {_LAST_WITH} has it.",
        "Name an interpreter with that version: pipeline:FOLDER@/PATH/TO/python.",
    )


def _named(task: str, host: Any) -> Call:
    plain = "translation" if task.startswith("translation_") else task
    found = next((call for call in CALLS if call.task == plain), None)
    if found is None:
        raise host.Refusal(
            "bad-option-value",
            f"task={task} is not a pipeline that parity reads.",
            "It reads: {}.".format(", ".join(call.task for call in CALLS)),
        )
    return found


def _found(name: str, architectures: Sequence[str], host: Any) -> Call:
    for architecture in architectures:
        for call in CALLS:
            if architecture.endswith(call.endings or ("\n",)):
                return call
    what = ", ".join(architectures) or "no architecture"
    raise host.Refusal(
        "bad-option-value",
        f"config.json of {name} names {what}, which does not tell the pipeline.",
        "Name it: ?task=summarization, ?task=translation or another of {}.".format(
            ", ".join(call.task for call in CALLS)
        ),
    )


def _written(option: str) -> str:
    return "generation.KEY" if option == "generation" else option


def _value(text: str) -> Any:
    """A number, true, false or null as JSON has it; anything else is a text."""
    try:
        return json.loads(text)
    except ValueError:
        return text
