"""Settings of config and tokenizer that both sides report with other values: inputs that do not exercise them cannot show it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from parity.align.names import some
from parity.border.description import Description
from parity.records.pair import Pair

__all__ = ["Setting", "changed_settings", "changed_settings_note"]

_TOKENIZER = "tokenizer."
_INTERNALS = "internals"
_LIMIT, _LONGEST = f"{_TOKENIZER}limit", f"{_TOKENIZER}model_max_length"
_WITHOUT_EFFECT = re.compile(
    r"dropout|pdrop|drop_?path|drop_rate|layer_?drop|^(trainer|data_loader|validation_data_loader|distributed)\b|_data_path$"
    r"|^initializer_|^init_std$|^id2label\.|^label2id\.|^auto_map|^task_specific_params|^_|^output_(attentions|hidden_states)$"
    r"|^(architectures|transformers_version|dtype|torch_dtype|attn_implementation|use_cache|gradient_checkpointing|torchscript"
    r"|return_dict|return_dict_in_generate|output_scores|finetuning_task|(random|numpy|pytorch)_seed|max_length|min_length|do_sample|early_stopping|num_beams"
    r"|num_beam_groups|num_return_sequences|temperature|top_k|top_p|typical_p|diversity_penalty|repetition_penalty|length_penalty"
    r"|no_repeat_ngram_size|encoder_no_repeat_ngram_size|bad_words_ids|remove_invalid_values|exponential_decay_length_penalty"
    r"|suppress_tokens|begin_suppress_tokens|forced_bos_token_id|forced_eos_token_id|prefix|tokenizer_class)$"
)
"""Settings of a config that take no part in a forward in evaluation mode: training, loading, names, generation; those with a finding
of their own in any case."""
_OF_TOKENIZER = (
    "model_max_length",
    "limit",
    "max_length",
    "truncation",
    "truncation_side",
    "padding_side",
    "pad_token_id",
    "model_input_names",
    "special_tokens",
    "vocabulary_digest",
    "algorithm",
    "legacy",
    "chat_template",
    "do_lower_case",
    "strip_accents",
)
_SHOWN = 60  # characters of a value in a sentence


class Setting(NamedTuple):
    """One setting by its name (`tokenizer.` before those of the tokenizer), with the value of each side; None where it has none."""

    name: str
    reference: Any
    candidate: Any

    def in_words(self) -> str:
        """The name with both values, as a part of a sentence."""
        return f"{self.name} ({_short(self.reference)} and {_short(self.candidate)})"


def changed_settings(sides: Pair[Description]) -> list[Setting]:
    """The settings whose values differ; none where the two run other frameworks, which name and default them otherwise.

    A setting that one side alone reports counts only where both run the same version: another version has other settings.
    """
    if sides.reference.framework != sides.candidate.framework:
        return []
    alike = _alike(sides, sides.reference.framework)
    configs = [
        {name: value for name, value in side.config.items() if not _WITHOUT_EFFECT.search(name)}
        for side in sides
    ]
    whole = alike and _alike(sides, "tokenizers")
    tokenizers = [_of_tokenizer(side.tokenizer, whole) for side in sides]
    found = [
        *_unlike(configs[0], configs[1], both=not alike),
        *_unlike(tokenizers[0], tokenizers[1], both=not alike),
    ]
    names = {setting.name for setting in found}
    # The length that texts are cut to follows from the tokenizer's own where that differs.
    return [item for item in found if item.name != _LIMIT or _LONGEST not in names]


def _alike(sides: Pair[Description], name: str) -> bool:
    """Whether both run the same version of a library, as far as is known."""
    ours, theirs = (side.versions.get(name) for side in sides)
    return ours is not None and ours == theirs


def changed_settings_note(names: Sequence[str]) -> str:
    """The differing settings that these inputs do not show, as a clause; empty where none differs."""
    if not names:
        return ""
    if len(names) == 1:
        return f"1 setting differs, and these inputs do not show it: {names[0]}"
    return f"{len(names)} settings differ, and these inputs do not show it: {some(names)}"


def _of_tokenizer(described: Mapping[str, Any], whole: bool) -> dict[str, Any]:
    """The settings of a tokenizer by their names; what it is made of only where both sides write it in the same version."""
    found = {f"{_TOKENIZER}{name}": described[name] for name in _OF_TOKENIZER if name in described}
    internals: Mapping[str, Any] = described.get(_INTERNALS) or {}
    if not whole or not internals:
        return found
    # The tokenizer's internals show these more exactly.
    found = {
        name: value for name, value in found.items() if not name.endswith(("do_lower_case", "strip_accents"))
    }
    return {**found, **{f"{_TOKENIZER}{_INTERNALS}.{name}": value for name, value in internals.items()}}


def _unlike(ours: Mapping[str, Any], theirs: Mapping[str, Any], *, both: bool) -> Iterator[Setting]:
    for name in dict.fromkeys((*ours, *theirs)):
        if both and not (name in ours and name in theirs):
            continue
        if ours.get(name) != theirs.get(name):
            yield Setting(name, ours.get(name), theirs.get(name))


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"
