"""The published list of causes. A finding's `cause` is drawn from it; what is not on it is `unknown`, never the nearest guess.

`stage` is where such a cause is first seen, `confirmed_by` the counterfactual that confirms it.
"""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["CATALOGUE", "CauseEntry"]


class CauseEntry(NamedTuple):
    """One cause: its name, the first stage that shows it, and how it is confirmed."""

    name: str
    stage: str
    confirmed_by: str


CATALOGUE: dict[str, CauseEntry] = {
    entry.name: entry
    for entry in (
        CauseEntry("text.lowercase", "text", "the other side's case rule, ids become equal"),
        CauseEntry("text.accents", "text", "strip_accents toggled"),
        CauseEntry("text.unicode", "text", "NFC / NFD / NFKC applied first"),
        CauseEntry("text.whitespace", "text", "leading, trailing, repeated or zero-width space normalised"),
        CauseEntry(
            "tokenizer.algorithm", "tokens", "the reference's ids through the candidate: the rest agrees"
        ),
        CauseEntry(
            "tokenizer.vocabulary", "input_ids", "same tokens, other ids: the id map is a permutation"
        ),
        CauseEntry("tokenizer.unknown", "input_ids", "words that become unk on one side only"),
        CauseEntry("tokenizer.added_tokens", "tokens", "added tokens taken away"),
        CauseEntry(
            "tokenizer.special_tokens",
            "input_ids",
            "the missing or doubled CLS / SEP / BOS / EOS added or dropped",
        ),
        CauseEntry("tokenizer.truncation", "input_ids", "same maximum length and side"),
        CauseEntry("tokenizer.out_of_vocabulary", "input_ids", "ids at or beyond the embedding rows"),
        CauseEntry("batch.padding_side", "attention_mask", "padded on the other side"),
        CauseEntry("batch.padding_id", "input_ids", "the other pad id (and which position is pooled)"),
        CauseEntry("batch.attention_mask", "attention_mask", "the mask supplied"),
        CauseEntry("batch.token_type_ids", "token_type_ids", "the segments supplied"),
        CauseEntry(
            "batch.position_ids", "position_ids", "positions from the mask, or shifted by padding_idx + 1"
        ),
        CauseEntry("config.layer_norm_eps", "first norm", "eps set"),
        CauseEntry("config.activation", "layer.k.mlp", "the other activation"),
        CauseEntry("config.attention_heads", "layer.0.attention", "number of heads, scale, or mask kind set"),
        CauseEntry("config.position_embedding", "embeddings / layer.0", "kind, rope base or scaling set"),
        CauseEntry("config.num_layers", "layer.N", "layers missing or extra at one end"),
        CauseEntry(
            "weights.head_not_loaded",
            "logits",
            "two loads differ in the head alone; keys missing from the file",
        ),
        CauseEntry("weights.pooler_not_loaded", "pooled", "the same for the pooler"),
        CauseEntry(
            "weights.missing", "layer.k", "keys of the file that reached no parameter, and the reverse"
        ),
        CauseEntry(
            "weights.tied",
            "embeddings / logits",
            "storage shared where it should not be, or not where it should",
        ),
        CauseEntry(
            "weights.changed", "layer.k", "parameters of layer k differ; the reference's put in place"
        ),
        CauseEntry(
            "weights.permuted",
            "layer.k",
            "the same tensors at other names (layers swapped, q and k swapped, rows permuted)",
        ),
        CauseEntry("weights.transposed", "layer.k", "a square matrix equals the other's transpose"),
        CauseEntry("weights.rounded", "all layers", "differences fit a half-precision or integer grid"),
        CauseEntry(
            "weights.retrained",
            "all layers",
            "every tensor differs by training-sized steps: another run or seed",
        ),
        CauseEntry("runtime.dropout", "embeddings", "two runs differ; eval() makes them equal"),
        CauseEntry("runtime.dtype", "all layers", "the same dtype"),
        CauseEntry(
            "runtime.attention",
            "layer.k.attention",
            "the other implementation; within the floor it is noise, else a defect",
        ),
        CauseEntry("runtime.batch_composition", "layer.k", "one example alone against in a batch"),
        CauseEntry("runtime.cache", "logits (generation)", "without the key-value cache"),
        CauseEntry("runtime.nondeterminism", "any", "the same subject twice"),
        CauseEntry("output.pooling", "pooled", "CLS, mean, masked mean, last token"),
        CauseEntry("output.label_order", "label", "the column permutation that brings agreement"),
        CauseEntry("output.temperature", "probabilities", "one T fits all rows"),
        CauseEntry("output.activation", "probabilities", "softmax or sigmoid"),
        CauseEntry(
            "output.probabilities",
            "logits",
            "one side gives probabilities or log-probabilities: their logarithm compared",
        ),
        CauseEntry("output.constant", "label", "every input gets the same answer"),
        CauseEntry("none", "–", "within the noise floor everywhere"),
    )
}
