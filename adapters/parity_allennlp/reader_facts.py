"""What an archive's readers do to inputs before they are tokenized, or with inputs that parity's are not, as sentences for findings.

Runs inside the foreign interpreter: standard library only, Python 3.8.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# AllenNLP is not installed where types are checked: its objects are Any here.

from __future__ import annotations

from typing import Any

__all__ = ["as_archived", "sentences_on"]

_OF_FILES = {
    "squad": "questions without white space at their ends and without line breaks",
    "quac": "questions without white space at their ends and without line breaks",
    "drop": "questions without white space at their ends",
    "cnn_dm": "texts whose encoding is repaired (ftfy)",
}
"""What a reader changes in the rows of a file, and not in a text that it is given: parity, as AllenNLP's predictors, gives it texts."""
_LABELS = {
    "collapse_labels": "puts several labels of its files into one (collapse_labels)",
    "convert_to_coding_scheme": "converts the tags of its files to another scheme (convert_to_coding_scheme)",
    "coding_scheme": "converts the tags of its files to another scheme (coding_scheme)",
    "granularity": "reads labels of its files at another granularity (granularity)",
}


def sentences_on(config: dict[str, Any], chosen: str) -> list[str]:
    """What the archive's reader does; `chosen` is the option that says which of two readers is used."""
    reader = config.get("dataset_reader") or {}
    if chosen == "validation":
        reader = config.get("validation_dataset_reader") or reader
    found: list[str] = []
    if reader.get("segment_sentences"):
        found.append(
            "its reader splits each text into sentences and reads these one by one (segment_sentences), so that a side that "
            "reads the text as a whole reads something else"
        )
    if reader.get("max_instances") is not None:
        found.append(
            "its reader reads only the first {} rows of a file (max_instances): its metrics were of these, and parity runs "
            "every row".format(reader["max_instances"])
        )
    tokenizer = reader.get("tokenizer") or {}
    special = tokenizer.get("type") == "pretrained_transformer" and tokenizer.get("add_special_tokens", True)
    if reader.get("max_sequence_length") is not None and special:
        found.append(
            "its reader cuts a text to {} tokens after the special tokens were added (max_sequence_length), so that a longer "
            "text has none at its end".format(reader["max_sequence_length"])
        )
    if reader.get("type") == "transformer_squad":
        found.append("its reader splits a context at white space and tokenizes each word by itself")
    found += [
        f"its reader reads from a file {what}; from parity it is given texts as they are"
        for kind, what in _OF_FILES.items()
        if reader.get("type") == kind
    ]
    found += [f"its reader {what}" for key, what in _LABELS.items() if reader.get(key)]
    lowered = [
        name for name, one in (reader.get("token_indexers") or {}).items() if one.get("lowercase_tokens")
    ]
    if lowered:
        found.append(
            "its reader makes lower case of every token ({})".format(
                ", ".join(f"token_indexers.{name}.lowercase_tokens" for name in lowered)
            )
        )
    return found


def as_archived(reader: Any, config: dict[str, Any], mapped: dict[str, str]) -> None:
    """Let the reader of semantic roles, which makes lower case of texts by its transformer's name, go by the name in the archive.

    `config` names the folders that were put in place of names, `mapped` says which.
    """
    if getattr(reader, "bert_tokenizer", None) is None:
        return
    used = {
        (config.get(key) or {}).get("bert_model_name")
        for key in ("dataset_reader", "validation_dataset_reader")
    }
    for name, folder in mapped.items():
        if folder in used:
            reader.lowercase_input = "uncased" in name
