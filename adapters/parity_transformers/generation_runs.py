"""Running `generate` for rows together: freely, as a user does, through a streamer, or along given tokens.

Rows are run alone unless a batch is requested, so that no row depends on another or on padding. Nothing is drawn at random.
"""

# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false
# Values from torch and transformers are Any here.

from __future__ import annotations

import contextlib
import inspect
import queue
from typing import TYPE_CHECKING, Any, Generator

if TYPE_CHECKING:
    from .encoding import Encoder
    from .limits import Limits
    from .loading import Loaded

__all__ = ["Runs"]

_DEFAULT_LENGTH = 20
# What `generate` gets by name here, and what would return something else than one text.
_FIXED = {"num_return_sequences": 1, "return_dict_in_generate": False}
_NO_ROOM = "its prompt leaves no position for a new token"
_LESS_ROOM = "in a batch as wide its positions leave room for fewer new tokens than alone"


class _Enough(Exception):
    """The given tokens are used up."""


class Runs:
    """Calls of `generate` of one subject, by its settings of generation."""

    def __init__(self, loaded: Loaded, encoder: Encoder, limits: Limits, settings: dict[str, Any]) -> None:
        self._loaded = loaded
        self._encoder = encoder
        self._limits = limits
        self._settings = settings
        self._twofold = bool(loaded.config.is_encoder_decoder)

    def free(self, model: Any, rows: list[dict[str, Any]], asked: dict[str, Any]) -> list[dict[str, Any]]:
        """A text for each of these encodings, which are run together."""
        width = self._before(max(len(row["input_ids"]) for row in rows))
        most = self._most(width, asked)
        if most < 1:
            return [_nothing(_NO_ROOM) for _ in rows]
        feeds = self._feeds(model, rows)
        arguments = self._arguments(asked, most)
        streamer = self._streamer() if asked["stream"] else None
        if streamer is not None:
            arguments["streamer"] = streamer
        output = model.generate(**feeds, **arguments)
        start = 1 if self._twofold else len(feeds["input_ids"][0])
        found = [self._text([int(token) for token in line[start:]], asked, len(rows)) for line in output]
        room = self._limits.room
        if len(rows) > 1 and room is not None and most >= room - width:
            for place, row in enumerate(rows):
                if self._most(self._before(len(row["input_ids"])), asked) > most:
                    found[place] = _nothing(_LESS_ROOM)
        if streamer is not None:
            found[0]["streamed"] = _drained(streamer)
        return found

    def along(
        self,
        model: Any,
        rows: list[dict[str, Any]],
        tokens: list[list[int]],
        steps: list[tuple[int, int]],
        asked: dict[str, Any],
    ) -> list[Any]:
        """The scores after every processor at the steps of each row that are wanted, each as a tensor [steps, vocabulary].

        Steps after the side's own end are not a number.
        """
        import torch

        end = max(last for _, last in steps)
        taken: list[dict[int, Any]] = [{} for _ in rows]
        seen: list[Any] = []

        def force(input_ids: Any, scores: Any) -> Any:
            step = len(seen)
            seen.append(scores.shape)
            forced = torch.full_like(scores, -float("inf"))
            for place, (first, last) in enumerate(steps):
                if first <= step < last:
                    taken[place][step] = scores[place].clone()
                forced[place, tokens[place][min(step, len(tokens[place]) - 1)]] = 0
            if step + 1 >= end:
                raise _Enough
            return forced

        width = self._before(max(len(row["input_ids"]) for row in rows))
        most = max(self._most(width, asked), end)
        # In older versions what samples has a list of its own, after the others.
        sampled = (
            asked["sampled"] and self._settings.get("do_sample") and hasattr(model, "_get_logits_warper")
        )
        maker = "_get_logits_warper" if sampled else "_get_logits_processor"
        with _last_processor(model, force, maker), contextlib.suppress(_Enough):
            model.generate(**self._feeds(model, rows), **dict(self._arguments(asked, most), num_beams=1))
        if not seen:
            raise ValueError("generation ended before the first token")
        after_the_end = torch.full(seen[0][1:], float("nan"))
        return [
            torch.stack(
                [taken[place].get(step, after_the_end.to(model.device)) for step in range(first, last)]
            )
            for place, (first, last) in enumerate(steps)
        ]

    def _text(self, ids: list[int], asked: dict[str, Any], together: int) -> dict[str, Any]:
        """A row's new tokens; in a batch without the padding after its end."""
        if together > 1:
            ids = ids[: self._end(ids, dict(self._settings, **asked["settings"]))]
        tokenizer: Any = self._loaded.tokenizer
        pieces: list[str | None] = tokenizer.convert_ids_to_tokens(ids)
        return {
            "ids": ids,
            "pieces": [f"<{one}>" if piece is None else piece for one, piece in zip(ids, pieces)],
            "text": tokenizer.decode(ids, skip_special_tokens=True),
        }

    def _end(self, ids: list[int], settings: dict[str, Any]) -> int:
        """How many tokens a row has: up to its end token, and none that pads."""
        eos = settings.get("eos_token_id")
        ends = set(eos if isinstance(eos, list) else [eos])
        place = next((place for place, one in enumerate(ids) if one in ends), None)
        if place is not None:
            return place + 1
        count = len(ids)
        if settings.get("stop_strings"):
            while count and ids[count - 1] == settings.get("pad_token_id"):
                count -= 1
        return count

    def _streamer(self) -> Any:
        """The library's streamer, which gives a text piece by piece; None in versions without one."""
        import transformers

        kind: Any = getattr(transformers, "TextIteratorStreamer", None)
        if kind is None:
            return None
        # All is there when `generate` has returned: what is waited for longer never comes.
        return kind(self._loaded.tokenizer, skip_prompt=True, timeout=1.0, skip_special_tokens=True)

    def _feeds(self, model: Any, rows: list[dict[str, Any]]) -> dict[str, Any]:
        import torch

        feeds, _ = self._encoder.pad(rows)
        takes = inspect.signature(model.forward).parameters
        width = max(len(row["input_ids"]) for row in rows)
        if len(feeds["input_ids"][0]) != width:  # padding=max_length: prompts are as wide as the longest
            left = self._encoder.tokenizer.padding_side == "left"
            feeds = {
                name: [line[-width:] if left else line[:width] for line in values]
                for name, values in feeds.items()
            }
        return {
            name: torch.tensor(values, dtype=torch.long, device=model.device)
            for name, values in feeds.items()
            if name in takes and name != "token_type_ids"
        }

    def _arguments(self, asked: dict[str, Any], most: int) -> dict[str, Any]:
        arguments: dict[str, Any] = dict(_FIXED, max_new_tokens=most)
        arguments["use_cache"] = asked["settings"].get("use_cache", self._settings.get("use_cache", True))
        if not asked["sampled"]:
            arguments["do_sample"] = False
        return arguments

    def _before(self, width: int) -> int:
        """The positions that are taken before the first new token."""
        return 1 if self._twofold else width

    def _most(self, before: int, asked: dict[str, Any]) -> int:
        """New tokens at most: as requested, and as the side's own settings and its positions permit."""
        settings = dict(self._settings, **asked["settings"])
        most = [asked["most"]]
        longest = settings.get("max_length")
        if settings.get("max_new_tokens"):
            most.append(settings["max_new_tokens"])
        elif longest and (
            self._twofold or longest != _DEFAULT_LENGTH
        ):  # of a prompt and its continuation users always give it
            most.append(max(1, longest - before))
        if self._limits.room is not None:
            most.append(self._limits.room - before)
        return int(min(most))


def _drained(streamer: Any) -> str:
    """The text that a streamer was given; what it did not hand on by now is missing."""
    parts: list[str] = []
    with contextlib.suppress(queue.Empty):
        for part in streamer:
            parts.append(part)  # noqa: PERF402  # those before an error are kept
    return "".join(parts)


def _nothing(reason: str) -> dict[str, Any]:
    return {"ids": [], "pieces": [], "text": "", "reason": reason}


@contextlib.contextmanager
def _last_processor(model: Any, process: Any, name: str) -> Generator[None, None, None]:
    """Let a function see and change the scores after every processor that the method of this name makes for `generate`."""
    plain = getattr(model, name)

    def made(*args: Any, **kwargs: Any) -> Any:
        found = plain(*args, **kwargs)
        found.append(process)
        return found

    setattr(model, name, made)
    try:
        yield
    finally:
        delattr(model, name)
