"""Conversations: rendered by the tokenizer's own chat template, as its users call `apply_chat_template`, or read as their texts."""

# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false
# Values from transformers are Any here.

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from parity._in_process.host import Host

__all__ = ["check", "described", "rendered"]


def check(tokenizer: Any, requested: bool | None, host: Host) -> None:
    """Refuse to apply a template that is not there."""
    if requested and _template(tokenizer) is None:
        raise host.Refusal(
            "bad-option-value",
            f"apply_chat_template=true has no effect on {tokenizer.name_or_path}: its tokenizer has no chat template.",
            "Omit it, or name a folder whose tokenizer has one with ?tokenizer=PATH.",
        )


def described(tokenizer: Any, requested: bool | None) -> dict[str, Any]:
    """The template, for a description of the tokenizer, and whether an option applies it."""
    template = _template(tokenizer)
    found: dict[str, Any] = {} if template is None else {"chat_template": template}
    return found if requested is None else dict(found, apply_chat_template=requested)


def rendered(tokenizer: Any, example: dict[str, Any], requested: bool | None, host: Host) -> str | None:
    """The text of a row as the template renders it; None for a row that is read as it is.

    A conversation is rendered unless that is switched off, up to where an assistant begins to answer; a text only on request, as the message
    of a user.
    """
    messages = example.get("messages")
    if requested is False:
        return None
    if messages is None:
        if not requested:
            return None
        if example["pair"] is not None or example.get("words") is not None:
            raise host.Refusal(
                "inputs-do-not-fit",
                "Row {} is a {}, and apply_chat_template=true is about texts and conversations.".format(
                    example["row"], "list of words" if example["pair"] is None else "pair of texts"
                ),
                "Give inputs with a column of messages, or omit the option.",
            )
        messages = [{"role": "user", "content": example["text"]}]
    if _template(tokenizer) is None:
        host.warn(
            f"The tokenizer of {tokenizer.name_or_path} has no chat template: conversations are read as their texts, a line each."
        )
        return None
    try:
        answers = messages[-1]["role"] != "assistant"
        text: str = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=answers)
    except (
        Exception
    ) as error:  # jinja's errors, whatever the template raises, or a package that is not installed
        raise host.Refusal(
            "inputs-do-not-fit",
            "The chat template of {} does not take row {}: {}".format(
                tokenizer.name_or_path,
                example["row"],
                str(error).strip().partition("\n")[0] or type(error).__name__,
            ),
            "Give conversations that it takes, or read them as their texts: ?apply_chat_template=false.",
        ) from error
    return text


def _template(tokenizer: Any) -> str | None:
    """The template that a call without a name uses; that of a class in versions that have such."""
    found: Any = getattr(tokenizer, "chat_template", None)
    if found is None and hasattr(tokenizer, "apply_chat_template"):
        found = getattr(tokenizer, "default_chat_template", None)
    if isinstance(found, dict):
        found = found.get("default")
    return None if found is None else str(found)
