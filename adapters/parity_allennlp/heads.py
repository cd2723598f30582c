"""The heads of models that are seen layer by layer: which field holds their text, what they are given beside it, and their outputs.

Runs inside the foreign interpreter: torch and AllenNLP's objects only, Python 3.8.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# AllenNLP is not installed where types are checked: its objects have no types.

from __future__ import annotations

import contextlib
import importlib
from typing import TYPE_CHECKING, Any, Generator, Iterator, Tuple

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module

__all__ = ["Answers", "Head", "Roles", "head_of"]

Stage = Tuple[str, Any, Tuple[str, ...]]
_TOKENS = ("row", "token")
_WORDS = ("row", "word", "class")


class Head:
    """A classifier, or a tagger of words: its text is in `field`, and its `logits` are what it returns.

    `stages` are the outputs that it may have; `words` says which piece decides a word, where the model has logits for each piece; `note`
    is what a reader of the report has to know.
    """

    field = "tokens"
    stages: tuple[str, ...] = ("logits", "words")
    words = ""
    note = ""

    def beside(self, ids: Tensor, types: Tensor | None) -> dict[str, Any]:
        """What the model is given beside its text, where it is given ids alone."""
        return {}

    @contextlib.contextmanager
    def seen(self, model: Module) -> Generator[list[Any], None, None]:
        """What is taken from inside the model while it runs: nothing, as its output is what its head gives."""
        yield []

    def outputs(self, output: dict[str, Any], inside: list[Any], by_words: bool) -> Iterator[Stage]:
        """The outputs as stages."""
        logits = output["logits"]
        if logits.dim() == 2:
            yield "logits", logits, ("row", "class")
        elif by_words:
            yield "words", logits, _WORDS
        else:
            yield "logits", logits, (*_TOKENS, "class")


class Answers(Head):
    """transformer_qa: a start and an end logit for each token, as the linear layer gives them.

    What the model returns has a large negative number at every token outside the context; that is not a value to compare.
    """

    field = "question_with_context"
    stages = ("start_logits", "end_logits")
    note = (
        "AllenNLP itself answers with the best span of any length, and with no answer where [CLS] scores best; "
        "parity decides both sides by one rule of its own (spans of at most 30 tokens)."
    )

    def beside(self, ids: Tensor, types: Tensor | None) -> dict[str, Any]:
        """Any span: it masks only what the model returns."""
        return {"context_span": ids.new_zeros((len(ids), 2))}

    @contextlib.contextmanager
    def seen(self, model: Module) -> Generator[list[Any], None, None]:
        """The output of the linear layer."""
        found: list[Any] = []

        def keep(_: Module, __: object, output: object) -> None:
            found.append(output)

        layer: Any = model._linear_layer
        hook = layer.register_forward_hook(keep)
        try:
            yield found
        finally:
            hook.remove()

    def outputs(self, output: dict[str, Any], inside: list[Any], by_words: bool) -> Iterator[Stage]:
        """Start and end apart."""
        start, end = inside[0].split(1, dim=-1)
        yield "start_logits", start.squeeze(-1), _TOKENS
        yield "end_logits", end.squeeze(-1), _TOKENS


class Roles(Head):
    """srl_bert: logits for each piece; a word is decided by its first piece, and the verb is marked by token types."""

    words = "first"
    note = (
        "A word's tag is that of the largest logit of its first piece; AllenNLP then decodes the best sequence of valid BIO "
        "tags (Viterbi), which is not compared."
    )

    def beside(self, ids: Tensor, types: Tensor | None) -> dict[str, Any]:
        """The token types as the mark of the verb."""
        rows: list[dict[str, Any]] = [{"words": [], "verb": None, "offsets": []} for _ in range(len(ids))]
        return {"verb_indicator": ids.new_zeros(ids.shape) if types is None else types, "metadata": rows}

    @staticmethod
    def word_ids(tensors: dict[str, Any], mask: Tensor) -> Tensor:
        """[rows, tokens] the word of each token, counted from 1 (0: of none), by the first piece of each word and the row's end."""
        found = mask.new_zeros(mask.shape, dtype=importlib.import_module("torch").long)
        for row, facts in enumerate(tensors["metadata"]):
            starts = [*facts["offsets"], int(mask[row].sum()) - 1]
            for number, (first, after) in enumerate(zip(starts, starts[1:]), 1):
                found[row, first:after] = number
        return found

    @staticmethod
    def word_mask(word_ids: Tensor) -> Tensor:
        """[rows, words] which words of a batch there are: those with pieces, in their order."""
        torch: Any = importlib.import_module("torch")
        counts = torch.tensor([len(set(map(int, row)) - {0}) for row in word_ids])
        columns = torch.arange(max(1, int(counts.max())))[None, :]
        mask: Tensor = (columns < counts[:, None]).to(torch.uint8)
        return mask

    @staticmethod
    def of_words(logits: Tensor, word_ids: Tensor) -> Tensor:
        """[rows, words, classes] the logits of the first piece of each word that has one; zeros after a row's last word."""
        firsts = [
            [row.index(number) for number in sorted(set(row) - {0})]
            for row in (list(map(int, numbers)) for numbers in word_ids)
        ]
        width = max([1, *map(len, firsts)])
        whole = logits.new_zeros((len(firsts), width, logits.shape[-1]))
        for row, places in enumerate(firsts):
            if places:
                whole[row, : len(places)] = logits[row, places]
        return whole


def head_of(model: Module) -> Head | None:
    """The head of a model that is seen layer by layer; None for a model of which only the outputs are compared."""
    models = importlib.import_module("allennlp.models")
    if isinstance(model, (models.BasicClassifier, models.SimpleTagger)):
        return Head()
    kind = _BY_CLASS.get(f"{type(model).__module__}.{type(model).__qualname__}")
    return None if kind is None else kind()


_BY_CLASS: dict[str, type[Head]] = {
    "allennlp_models.rc.models.transformer_qa.TransformerQA": Answers,
    "allennlp_models.structured_prediction.models.srl_bert.SrlBert": Roles,
}
