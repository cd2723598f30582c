"""How a text, or a pair of texts, becomes an Instance: by the archive's own predictor and reader.

The predictor that AllenNLP would choose decides the inputs (a sentence; a premise and a hypothesis; a question and a
passage); where none is resolved, or where a text classifier's reader needs two texts, the reader's own
`text_to_instance` is called, its parameters read from its signature.

Runs inside the foreign interpreter: standard library only (AllenNLP's objects are given), Python 3.8.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownLambdaType=false
# AllenNLP is not installed where types are checked: its objects are Any here.

from __future__ import annotations

import contextlib
import inspect
from typing import TYPE_CHECKING, Any, Callable, Generator, NamedTuple, Optional

from . import places

if TYPE_CHECKING:
    from parity._in_process.host import Host

Make = Callable[[str, Optional[str]], Any]

_FIRST = (
    "text",
    "sentence",
    "premise",
    "question",
    "question_text",
    "source_string",
    "source_sequence",
    "query",
)
_SECOND = ("hypothesis", "passage", "passage_text", "context")
_WORDS = ("tokens", "words")
_CUT_BY = ("_max_length", "_max_sequence_length", "max_sequence_length", "_source_max_tokens")
"""The names under which readers and tokenizers keep the most tokens of a text; None is no limit."""
_ROOM = ("length_limit", "max_query_length")
"""Those that are always a number."""
_ENDLESS = 1 << 30
_IMAGES = ("vilbert_vqa", "vilbert_ve", "vilbert_ir", "nlvr2")

PAIRED_FIELDS = {"premise": 0, "hypothesis": 1, "question": 0, "passage": 1, "context": 1}
"""Which of a pair's texts an instance's field holds, by the names that AllenNLP's readers use."""


class Reading(NamedTuple):
    """How a text becomes an Instance: `make(text, pair)` gives an Instance, `pairs` is "no", "optional" or "required".

    `of_words` makes one of words that are given as AllenNLP's tokens (None: by the reader's own `text_to_instance`); `refuses` says why
    parity cannot run an instance as AllenNLP does (empty: it can).
    """

    name: str
    pairs: str
    make: Make
    note: str = ""
    probe: tuple[str, str | None] = ("a few plain words", None)
    of_words: Callable[[list[Any]], Any] | None = None
    refuses: Callable[[Any], str] = lambda _: ""


Build = Callable[["Host", Any, Any], Reading]
"""How the predictor of one name reads, given the predictor and the reader."""


def choose(host: Host, registered: str, predictor: Any, reader: Any) -> Reading:
    """How this archive reads; `registered` is the predictor's name, "" where AllenNLP resolves none."""
    if registered in _IMAGES or registered == "multitask":
        wants = "several tasks' inputs" if registered == "multitask" else "images"
        raise host.Refusal(
            "inputs-do-not-fit",
            f"The predictor {registered} reads {wants}, which text inputs do not have.",
        )
    if registered in _TABLE:
        return _TABLE[registered](host, predictor, reader)
    return _by_signature(host, registered or type(reader).__name__, reader)


def _keyed(name: str, key: str, **more: Any) -> Build:
    """A predictor of one text, under its key."""

    def build(_: Host, predictor: Any, reader: Any) -> Reading:
        return Reading(name, "no", lambda text, pair: predictor._json_to_instance({key: text}), **more)

    return build


def _paired(name: str, first: str, second: str) -> Build:
    """A predictor of two texts, under their keys."""

    def build(_: Host, predictor: Any, reader: Any) -> Reading:
        return Reading(
            name,
            "required",
            lambda text, pair: predictor._json_to_instance({first: text, second: pair}),
            probe=("a few words", "and a few plain words"),
        )

    return build


def _text_classifier(host: Host, predictor: Any, reader: Any) -> Reading:
    """A text classifier's predictor gives its reader one text; a reader of pairs is called directly."""
    if len([name for name in _required(reader) if name in (*_FIRST, *_SECOND)]) == 2:
        return _by_signature(host, "text_classifier", reader)
    return _keyed("text_classifier", "sentence")(host, predictor, reader)


def _multiple_choice(_: Host, predictor: Any, reader: Any) -> Reading:
    def make(text: str, pair: str | None) -> Any:
        return predictor._json_to_instance({"prefix": text, "alternatives": str(pair).split("\n")})

    note = "Multiple choice: the text is the question, each line of the pair one of the choices."
    return Reading("transformer_mc", "required", make, note, ("a question of", "one\nanother"))


def _dialogue(_: Host, predictor: Any, reader: Any) -> Reading:
    def make(text: str, pair: str | None) -> Any:
        answers = [{"text": "CANNOTANSWER", "answer_start": 0}]
        entry = {"id": "0", "question": text, "answers": answers, "yesno": "x", "followup": "n"}
        return predictor._json_to_instance({"paragraphs": [{"context": pair, "qas": [entry]}]})

    note = "A dialogue of one question: the text is the question, the pair the passage."
    return Reading("dialog_qa", "required", make, note, ("a few words", "and a few plain words"))


def _answers(_: Host, predictor: Any, reader: Any) -> Reading:
    """transformer_qa: a context that is too long is read in several windows, of which an Instance holds the first."""

    def make(text: str, pair: str | None) -> Any:
        windows = predictor._json_to_instances({"question": text, "context": pair}, qid=-1)
        first = windows[0]
        first.fields["metadata"].metadata["windows"] = len(windows)
        places.ends_in_context(str(pair), first)
        return first

    def refuses(instance: Any) -> str:
        count = instance.fields["metadata"].metadata["windows"]
        if count == 1:
            return ""
        return (
            f"its reader splits the context into {count} windows of at most {reader.length_limit} tokens (stride {reader.stride}) and "
            "takes the best answer of all; parity runs one"
        )

    return Reading(
        "transformer_qa", "required", make, probe=("a few words", "and a few plain words"), refuses=refuses
    )


def _roles(_: Host, predictor: Any, reader: Any) -> Reading:
    """Semantic roles of one verb: finding verbs needs a tagger that is not installed, so the pair names the verb."""

    def marked(words: list[Any], at: int | None) -> Any:
        labels = [int(place == at) for place in range(len(words))]
        instance = reader.text_to_instance(words, labels)
        facts = instance.fields["metadata"].metadata
        if "offsets" in facts:
            places.of_pieces(instance.fields["tokens"].tokens, words, facts["offsets"])
        return instance

    def make(text: str, pair: str | None) -> Any:
        words = predictor._tokenizer.tokenize(text)
        at = next((place for place, word in enumerate(words) if pair and word.text == pair.strip()), None)
        if pair and at is None:
            raise ValueError(f"the word {pair!r} is not in the sentence")
        return marked(words, at)

    note = "Semantic roles of the verb that the pair names; without a pair no word is marked as the verb."
    return Reading(
        "semantic_role_labeling", "optional", make, note, of_words=lambda words: marked(words, None)
    )


_TABLE: dict[str, Build] = {
    "text_classifier": _text_classifier,
    "sentence_tagger": _keyed("sentence_tagger", "sentence"),
    "textual_entailment": _paired("textual_entailment", "premise", "hypothesis"),
    "reading_comprehension": _paired("reading_comprehension", "question", "passage"),
    "transformer_qa": _answers,
    "transformer_mc": _multiple_choice,
    "dialog_qa": _dialogue,
    "semantic_role_labeling": _roles,
    "open_information_extraction": _roles,
    "seq2seq": _keyed("seq2seq", "source"),
    "coreference_resolution": _keyed("coreference_resolution", "document"),
    "biaffine_dependency_parser": _keyed("biaffine_dependency_parser", "sentence"),
    "constituency_parser": _keyed("constituency_parser", "sentence"),
    "next_token_lm": _keyed("next_token_lm", "sentence"),
    "masked_language_model": _keyed(
        "masked_language_model",
        "sentence",
        note="A masked language model: every text must hold a [MASK].",
        probe=("a few [MASK] words", None),
    ),
}


def _required(reader: Any) -> list[str]:
    parameters = inspect.signature(reader.text_to_instance).parameters.values()
    return [
        one.name for one in parameters if one.default is one.empty and one.kind is one.POSITIONAL_OR_KEYWORD
    ]


def _by_signature(host: Host, name: str, reader: Any) -> Reading:
    """The reader's `text_to_instance`, each of its parameters filled by its name."""
    wanted = _required(reader) or list(inspect.signature(reader.text_to_instance).parameters)[:1]
    known = (*_FIRST, *_SECOND, *_WORDS, "sentences", "index", "qid", "label")
    stranger = next((parameter for parameter in wanted if parameter not in known), None)
    if stranger is not None:
        raise host.Refusal(
            "inputs-do-not-fit",
            f"The archive's reader, {type(reader).__name__}, needs {stranger!r}, which a text or a pair of texts does not have.",
            "Name a predictor that makes it from text: ?predictor=NAME.",
        )
    paired = any(parameter in _SECOND for parameter in wanted)

    def make(text: str, pair: str | None) -> Any:
        given: dict[str, Any] = {}
        for parameter in wanted:
            if parameter in _WORDS or parameter == "sentences":
                words = _words(reader, text, _of_strings(reader, parameter))
                given[parameter] = [words] if parameter == "sentences" else words
            else:
                given[parameter] = pair if parameter in _SECOND else text if parameter in _FIRST else None
        if "index" in given:
            given["index"] = 0
        return reader.text_to_instance(**given)

    probe = ("a few words", "and a few plain words") if paired else ("a few plain words", None)
    return Reading(name, "required" if paired else "no", make, probe=probe)


def takes_words(reader: Any) -> bool:
    """Whether a reader makes an instance of a list of words."""
    parameters = inspect.signature(reader.text_to_instance).parameters.values()
    first = next(iter(parameters), None)
    return first is not None and first.name in _WORDS and "Token" in str(first.annotation)


def _of_strings(reader: Any, parameter: str) -> bool:
    annotation = inspect.signature(reader.text_to_instance).parameters[parameter].annotation
    return "str" in str(annotation)


def _words(reader: Any, text: str, strings: bool) -> list[Any]:
    tokenizer = getattr(reader, "_tokenizer", None)
    if tokenizer is None:
        import importlib

        tokenizer = importlib.import_module("allennlp.data.tokenizers").SpacyTokenizer()
    tokens: list[Any] = tokenizer.tokenize(text)
    return [token.text for token in tokens] if strings else tokens


@contextlib.contextmanager
def without_truncation(reader: Any) -> Generator[bool, None, None]:
    """The reader temporarily without its length limits; yields whether it has any."""
    tokenizers = [getattr(reader, name, None) for name in ("_tokenizer", "tokenizer", "_source_tokenizer")]
    limits = [
        (owner, name, getattr(owner, name))
        for owner in {id(one): one for one in (reader, *tokenizers) if one is not None}.values()
        for name in (*_CUT_BY, *_ROOM)
        if isinstance(getattr(owner, name, None), int)
    ]
    try:
        for owner, name, _ in limits:
            setattr(owner, name, _ENDLESS if name in _ROOM else None)
        yield bool(limits)
    finally:
        for owner, name, value in limits:
            setattr(owner, name, value)
