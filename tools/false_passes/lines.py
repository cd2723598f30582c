"""The list: each pair, and which checks are fooled by it. A test marked `false_pass(n)` holds line n."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["LINES", "Line"]


class Line(NamedTuple):
    """One pair, and who is fooled, in a sentence without its full stop."""

    pair: str
    fooled: str


LINES = (
    Line(
        "A BERT with layer-norm epsilon 1e-5 where it was 1e-12, and a head so faint that the logits hardly move",
        "Any check of logits at 1e-5 (optimum, keras-hub), and walks from the root that stop where the root is equal (PaDiff)",
    ),
    Line(
        "`gelu_new` in place of `gelu`, the logits again within 1e-5",
        "The same checks of logits, and checks of layers with tolerances made for half precision (msprobe)",
    ),
    Line(
        "Eight weights of one dense layer, each 0.05 larger",
        "Modes that compare the means of tensors (PaDiff's default)",
    ),
    Line("One element of 8,192, off by 0.5", "Measures of the whole tensor that behave as a cosine (SGLang)"),
    Line("Every number times 1.03, or times 10", "Cosine similarity: a factor does not change it (vLLM's check of embeddings)"),
    Line("Plus infinity where the other side has minus infinity", "Tools whose cosine is then 1 and whose difference is then 0 (msprobe)"),
    Line("A NaN where the other side has a number, in one place and everywhere", "Rules of the form `mean > limit`: a comparison with NaN is false (reprod_log)"),
    Line("A stage that one side does not have", "Tools that warn and compare the rest (Polygraphy)"),
    Line("Two stages of unlike names in the same place of the order", "Tools that then pair by place (Polygraphy)"),
    Line("A matrix of 2 by 3 against its transpose", "Tools that check no shapes when asked not to (Polygraphy), or transpose without a word (reprod_log)"),
    Line("The ids 2^53 and 2^53 + 1", "Whoever converts to float64, in which the two are one number (numpy's `assert_allclose`)"),
    Line("The tokens of a layer in another order, the mean unchanged", "Modes that compare means (PaDiff's default)"),
    Line("Random numbers, infinities and NaN in padded positions, all others equal: no difference", "An alarm from all that compare whole tensors (pytest-torch)"),
    Line("A constant added to all logits of a row: no probability changes", "An alarm without its reason from all that compare raw logits alone"),
    Line("Noise of 1e-6 on eight million logits of size 10: rounding", "An alarm from limits on the L2 norm that do not know how many elements there are (Polygraphy's `l2`)"),
    Line("Two attention implementations of a model with outlier dimensions: 1e-4 apart, and rounding", "An alarm from every fixed limit on the largest absolute difference"),
    Line("Two vectors whose cosine distance is 5e-13", "`1 - cos` in float32, which is 0 or a unit in the last place"),
    Line("Two distributions with a KL divergence of 5e-11", "KL in float32, which reads a hundred times as much, and less than 0 in some rows"),
    Line("Values of 1e-9 and -1e-9 beside logits of size 1: rounding", "An alarm from distances in units in the last place: 2e9 of them"),
    Line("Hidden states with the embeddings on one side, without on the other", "Pairing by index: every layer is compared with its neighbour"),
    Line("Hidden states that were requested and never came, on one side or on both", "Tools that skip what is absent"),
    Line("Runs of several seeds that have the same weights", "A mean and a deviation over seeds: the deviation is 0"),
    Line("Inputs without one example, or with nothing in them", "Anything that takes the largest of no differences"),
    Line("The same classes in another order, the head's rows with them: no difference", "An alarm from whoever compares logits column by column"),
    Line("A classifier whose weights are zero, over layers that differ", "Walks from the root that stop where the root is equal"),
    Line("A language model whose head lost its bias, a wrong decoder, another head for pairs, choices or replaced tokens", "Whoever opens both as bare encoders: the layers are equal"),
    Line("Two folders of sentence-transformers: the mean against the first token, or without normalisation", "The same: the encoders are equal"),
    Line("Equal weights, other settings of generation", "Every comparison of weights and logits"),
    Line("Prompts one by one against the same in batches padded on the left, without position ids", "Tools that feed both sides the same batch"),
    Line("A question-answering model that points into the padding, one by one against a batch", "Comparisons of real tokens alone: all their logits agree"),
    Line("A checkpoint in half precision under two major versions of Transformers", "Tools that set float32 on both sides: the user's call does not"),
    Line("An encoder that begins with the state that it ended with, against itself", "One run a side: both begin alike"),
    Line("One weight moved by a millionth, in a model that computes its norms in float32", "Float32, and float64 runs in which the model still casts down: the rest is lost in rounding"),
    Line("A metric that was requested, and labels none of which is a class", "Verdicts on what is left: no label disagrees"),
    Line("Runs of which some were made after the recipe was changed", "A mean and a deviation over whatever ran"),
)  # fmt: skip
"""Line n is `LINES[n - 1]`."""
