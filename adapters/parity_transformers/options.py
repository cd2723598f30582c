"""The options of `hf:` as values, from the text that the host has checked against the adapter's declaration."""

from typing import Any, Dict, NamedTuple, Optional

__all__ = ["Options", "read"]


class Options(NamedTuple):
    """What the user asked for; None where the subject's own default holds."""

    dtype: str = "float32"
    device: str = "cpu"
    attn: Optional[str] = None
    batch_size: Optional[int] = None
    max_length: Optional[int] = None
    truncation: bool = True
    padding: str = "longest"
    padding_side: Optional[str] = None
    tokenizer: Optional[str] = None
    revision: Optional[str] = None
    temperature: float = 1.0
    trust_remote_code: bool = False


_KINDS = {
    "truncation": lambda text: text == "true",
    "trust_remote_code": lambda text: text == "true",
    "batch_size": int,
    "max_length": int,
    "temperature": float,
}  # type: Dict[str, Any]


def read(given: Dict[str, str], refusal: Any) -> Options:
    """Options from text; raises `refusal` for a number that cannot be meant."""
    values = {name: _KINDS.get(name, str)(text) for name, text in given.items()}
    for name in ("batch_size", "max_length", "temperature"):
        if name in values and not values[name] > 0:
            raise refusal("bad-option-value", "{}={} is not above 0.".format(name, given[name]))
    return Options(**values)
