"""A package such as users write beside AllenNLP: a reader of its own, registered when `--include-package` imports it."""

import importlib
from typing import Any

_readers: Any = importlib.import_module("allennlp.data.dataset_readers")
_fields: Any = importlib.import_module("allennlp.data.fields")
_data: Any = importlib.import_module("allennlp.data")


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
