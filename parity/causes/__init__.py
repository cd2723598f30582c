"""Why two runs of the same model differ: the published causes, one file each, and what is drawn from the evidence of one audit.

`CAUSES` is in the order in which equals are reported; those of other packages come after it (parity/causes/registry.py).
"""

from __future__ import annotations

from parity.causes.added_tokens import AddedTokens
from parity.causes.attention import Attention
from parity.causes.attention_mask import AttentionMask
from parity.causes.batch_composition import BatchComposition
from parity.causes.cause import Cause
from parity.causes.changed_weights import ChangedWeights, PermutedWeights, RetrainedWeights
from parity.causes.chat_template import ChatTemplate
from parity.causes.constant_answer import ConstantAnswer
from parity.causes.constant_shift import ConstantShift
from parity.causes.dtype import Dtype
from parity.causes.generation_cache import GenerationCache
from parity.causes.generation_settings import GenerationSettings
from parity.causes.generation_streaming import GenerationStreaming
from parity.causes.kept_state import KeptState
from parity.causes.label_order import LabelOrder
from parity.causes.library_default import LibraryDefault
from parity.causes.nondeterminism import Nondeterminism
from parity.causes.not_loaded import HeadNotLoaded, MissingWeights, PoolerNotLoaded
from parity.causes.output_activation import OutputActivation
from parity.causes.output_words import OutputWords
from parity.causes.padding_id import PaddingId
from parity.causes.padding_side import PaddingSide
from parity.causes.pieces import Algorithm, Vocabulary
from parity.causes.pooling import Pooling
from parity.causes.position_ids import PositionIds
from parity.causes.prefix_space import PrefixSpace
from parity.causes.probabilities import Probabilities
from parity.causes.served import CompiledCode, DeviceMap, QuantisedWeights
from parity.causes.settings_of_model import (
    Activation,
    AttentionHeads,
    LayerNormEpsilon,
    NumberOfLayers,
    PositionEmbedding,
)
from parity.causes.span_masking import SpanMasking
from parity.causes.special_tokens import SpecialTokens
from parity.causes.swapped_inputs import SwappedInputs
from parity.causes.swapped_span import SwappedSpan
from parity.causes.target_tokens import TargetTokens
from parity.causes.temperature import Temperature
from parity.causes.text_rules import Accents, Lowercase, UnicodeForm, WhiteSpace
from parity.causes.token_type_ids import TokenTypeIds
from parity.causes.tokenizer_commit import TokenizerCommit
from parity.causes.tokenizer_words import TokenizerWords
from parity.causes.truncation import Truncation
from parity.causes.unknown_tokens import UnknownTokens

__all__ = ["CAUSES"]

CAUSES: tuple[Cause, ...] = (
    ChatTemplate(),
    Lowercase(),
    Accents(),
    UnicodeForm(),
    WhiteSpace(),
    UnknownTokens(),
    AddedTokens(),
    TokenizerWords(),
    PrefixSpace(),
    Algorithm(),
    Vocabulary(),
    SpecialTokens(),
    Truncation(),
    TokenTypeIds(),
    TargetTokens(),
    PaddingSide(),
    PaddingId(),
    AttentionMask(),
    SwappedInputs(),
    PositionIds(),
    BatchComposition(),
    Nondeterminism(),
    KeptState(),
    LayerNormEpsilon(),
    Activation(),
    AttentionHeads(),
    PositionEmbedding(),
    NumberOfLayers(),
    HeadNotLoaded(),
    PoolerNotLoaded(),
    MissingWeights(),
    PermutedWeights(),
    ChangedWeights(),
    RetrainedWeights(),
    QuantisedWeights(),
    Dtype(),
    Attention(),
    CompiledCode(),
    DeviceMap(),
    LabelOrder(),
    SwappedSpan(),
    SpanMasking(),
    Probabilities(),
    Pooling(),
    OutputActivation(),
    OutputWords(),
    ConstantShift(),
    Temperature(),
    ConstantAnswer(),
    GenerationCache(),
    GenerationSettings(),
    GenerationStreaming(),
    LibraryDefault(),
    TokenizerCommit(),
)
