"""Tasks: what a subject's outputs mean, and how they decide. One file each; nothing else names them.

A runner names its subject's task. Those of parity are in `TASKS`; those of other packages come after them, by the entry-point group
`parity.tasks`.
"""

from __future__ import annotations

from parity.tasks.bare_encoder import BARE_ENCODER
from parity.tasks.causal_lm import CAUSAL_LM
from parity.tasks.discriminator import DISCRIMINATOR
from parity.tasks.embeddings import EMBEDDINGS
from parity.tasks.masked_lm import MASKED_LM
from parity.tasks.multi_label import MULTI_LABEL
from parity.tasks.multiple_choice import MULTIPLE_CHOICE
from parity.tasks.next_sentence import NEXT_SENTENCE
from parity.tasks.not_named import NOT_NAMED
from parity.tasks.pre_training import PRE_TRAINING
from parity.tasks.question_answering import QUESTION_ANSWERING
from parity.tasks.regression import REGRESSION
from parity.tasks.seq2seq import SEQ2SEQ
from parity.tasks.sequence_classification import SEQUENCE_CLASSIFICATION
from parity.tasks.task import Task
from parity.tasks.token_classification import TOKEN_CLASSIFICATION
from parity.tasks.word_classification import WORD_CLASSIFICATION

__all__ = ["TASKS"]

TASKS: tuple[Task, ...] = (
    NOT_NAMED,
    SEQUENCE_CLASSIFICATION,
    TOKEN_CLASSIFICATION,
    WORD_CLASSIFICATION,
    MULTI_LABEL,
    REGRESSION,
    QUESTION_ANSWERING,
    BARE_ENCODER,
    EMBEDDINGS,
    CAUSAL_LM,
    MASKED_LM,
    MULTIPLE_CHOICE,
    NEXT_SENTENCE,
    PRE_TRAINING,
    DISCRIMINATOR,
    SEQ2SEQ,
)
"""From the most general to the most special: of those that fit a subject the last one is its task."""
