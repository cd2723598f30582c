"""A package such as users write beside AllenNLP: a reader and a model of its own, registered when `--include-package` imports it."""

import importlib
from typing import Any

_readers: Any = importlib.import_module("allennlp.data.dataset_readers")
_fields: Any = importlib.import_module("allennlp.data.fields")
_data: Any = importlib.import_module("allennlp.data")
_models: Any = importlib.import_module("allennlp.models")
_torch: Any = importlib.import_module("torch")


@_readers.DatasetReader.register("tiny_text", exist_ok=True)
class TinyTextReader(_readers.TextClassificationJsonReader):  # type: ignore[misc]
    """The text as Transformers' own tensors, in a field named `text`, as AllenNLP's own transformer wants it."""

    def text_to_instance(self, text: str, label: Any = None) -> Any:
        encoded = self._tokenizer.tokenizer(text, return_attention_mask=True)
        fields = {"text": _fields.TransformerTextField(**encoded)}
        if label is not None:
            fields["label"] = _fields.LabelField(label)
        return _data.Instance(fields)

    def apply_token_indexers(self, instance: Any) -> None:
        """There is nothing to index."""


@_models.Model.register("tiny_of_sentences", exist_ok=True)
class TinyOfSentences(_models.Model):  # type: ignore[misc]
    """A classifier of texts that are split into sentences: the mean of the sentences' means."""

    def __init__(self, vocab: Any, width: int) -> None:
        super().__init__(vocab)  # pyright: ignore[reportUnknownMemberType]
        self._embedding = _torch.nn.Embedding(vocab.get_vocab_size("tokens"), width)
        self._classification_layer = _torch.nn.Linear(width, vocab.get_vocab_size("labels"))

    def forward(self, tokens: Any, label: Any = None) -> dict[str, Any]:
        """Ids [rows, sentences, words] to logits [rows, classes]."""
        vectors = self._embedding(tokens["tokens"]["tokens"])
        return {"logits": self._classification_layer(vectors.mean(dim=2).mean(dim=1))}
