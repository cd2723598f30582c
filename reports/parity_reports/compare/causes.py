"""What each published cause is in words, and what undoes it."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["Remedy", "remedy"]


class Remedy(NamedTuple):
    """A cause in a few words, and the next step that would undo it."""

    title: str
    step: str


_REMEDIES = {
    "text.lowercase": Remedy(
        "Case is handled differently", "Give the candidate the reference's lower-casing rule."
    ),
    "text.accents": Remedy(
        "Accents are handled differently", "Give the candidate the reference's strip_accents."
    ),
    "text.unicode": Remedy("Another Unicode normal form", "Normalise the text the way the reference does."),
    "text.whitespace": Remedy(
        "White space is handled differently", "Normalise white space the way the reference does."
    ),
    "tokenizer.algorithm": Remedy(
        "Another tokenizer algorithm", "Load the reference's tokenizer on both sides."
    ),
    "tokenizer.vocabulary": Remedy(
        "Another vocabulary order", "Use the vocabulary the weights were trained with."
    ),
    "tokenizer.unknown": Remedy(
        "Words unknown to one side", "Use the vocabulary the weights were trained with."
    ),
    "tokenizer.added_tokens": Remedy("Added tokens differ", "Add the same tokens to both tokenizers."),
    "tokenizer.special_tokens": Remedy(
        "Special tokens differ", "Add or drop the special token the reference has."
    ),
    "tokenizer.truncation": Remedy(
        "Texts are cut differently", "Set the reference's maximum length and side."
    ),
    "tokenizer.out_of_vocabulary": Remedy(
        "Ids beyond the embedding", "Use the tokenizer that belongs to the weights."
    ),
    "batch.padding_side": Remedy("Padded on the other side", "Pad on the reference's side."),
    "batch.padding_id": Remedy("Another padding id", "Use the reference's padding id."),
    "batch.attention_mask": Remedy("The attention mask differs", "Feed the mask the reference feeds."),
    "batch.token_type_ids": Remedy("Token type ids differ", "Feed the token type ids the reference feeds."),
    "batch.position_ids": Remedy("Positions differ", "Count positions the way the reference does."),
    "config.layer_norm_eps": Remedy("Another layer-norm epsilon", "Set the reference's epsilon."),
    "config.activation": Remedy("Another activation", "Set the reference's activation."),
    "config.attention_heads": Remedy(
        "Another attention layout", "Set the reference's heads, scale and mask kind."
    ),
    "config.position_embedding": Remedy(
        "Another position embedding", "Set the reference's position embedding."
    ),
    "config.num_layers": Remedy("Another number of layers", "Use a checkpoint with the same layers."),
    "weights.head_not_loaded": Remedy(
        "The head was not loaded", "Load the trained head; look at the names of the keys."
    ),
    "weights.pooler_not_loaded": Remedy(
        "The pooler was not loaded", "Load the trained pooler; look at the key names."
    ),
    "weights.missing": Remedy("Weights reached no parameter", "Map the keys of the file to the parameters."),
    "weights.tied": Remedy("Weights tied on one side only", "Tie, or untie, the same weights on both sides."),
    "weights.changed": Remedy("Weights were changed", "Put the reference's weights in that place."),
    "weights.permuted": Remedy("Weights stand at other names", "Correct the map of names in the conversion."),
    "weights.transposed": Remedy("A matrix is transposed", "Transpose it in the conversion."),
    "weights.rounded": Remedy("Weights were rounded", "Convert from the weights in full precision."),
    "weights.retrained": Remedy("Another training run", "Compare with the checkpoint of the same run."),
    "runtime.dropout": Remedy("Dropout is on", "Put the model in evaluation mode."),
    "runtime.dtype": Remedy("Another number format", "Run both in the same dtype."),
    "runtime.attention": Remedy("Another attention implementation", "Run both with the same implementation."),
    "runtime.batch_composition": Remedy("The batch changes the result", "Run both with batches of one."),
    "runtime.cache": Remedy("The key-value cache", "Run both without the cache."),
    "runtime.nondeterminism": Remedy("A side differs from itself", "Make that side deterministic first."),
    "output.pooling": Remedy("Another pooling", "Pool the way the reference does."),
    "output.label_order": Remedy(
        "Classes in another order", "Name the classes in the order of the head's rows."
    ),
    "output.temperature": Remedy("Another temperature", "Set the reference's temperature."),
    "output.activation": Remedy("Softmax against sigmoid", "Apply the reference's output activation."),
    "output.probabilities": Remedy(
        "Probabilities, not logits", "Write the logits, or the probabilities of both sides."
    ),
    "output.constant": Remedy("Every input gets one answer", "Look at the tokenizer first."),
}


def remedy(cause: str) -> Remedy:
    """What a cause is in words; one that is not on the list is said by its name, never as the nearest guess.

    >>> remedy("config.activation").title, remedy("home.made").title
    ('Another activation', 'home.made')
    """
    return _REMEDIES.get(cause, Remedy(cause, "Look at the evidence below."))
