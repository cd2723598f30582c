"""A runner that fools whoever compares carelessly: a toy model in numpy, and a locator that names what is wrong with it.

The model reads characters: embeddings, three layers, a pooled vector, a small map by row, logits. `honest` has nothing
wrong with it; what the others do stands beside their names in `WAYS`.
"""

# Arrays are of whatever type was asked for.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

import os
import signal
from typing import Any

import numpy

PROTOCOL = 2

HIDDEN, LAYERS, GREAT = 6, 3, 2**53
WAYS = {
    "honest": "nothing",
    "garbage_in_padding": "padded positions hold great random numbers, infinities and NaN",
    "stage_missing": "layer.1 is neither announced nor shown",
    "withheld": "layer.1 is announced and never shown",
    "nothing_inside": "every layer is announced, and none is shown",
    "other_name": "layer.1 is called block.1",
    "without_embeddings": "embeddings are neither announced nor shown",
    "transposed": "the map is shown as its transpose",
    "tokens_permuted": "the tokens of layer.1 change places within their row",
    "positive_infinity": "one value of layer.1 is +inf",
    "negative_infinity": "the same value is -inf",
    "one_nan": "the same value is NaN",
    "all_nan": "layer.1 is NaN throughout",
    "nan_in_float64": "the same value is NaN in double precision alone",
    "no_float64_layer": "layer.1 is not shown in double precision",
    "raises_in_float64": "double precision raises an error",
    "raises_later_in_float64": "the same, but for the first batch",
    "batch_without_float64": "layer.1 depends on how many rows are run together, and double precision raises an error",
    "mixed_in_float64": "double precision is said to be mixed",
    "kept_in_float64": "double precision is said to be kept",
    "minds_tilde_in_float64": "layer.1 is moved by 1e-9 in texts with a '~', in double precision alone",
    "great_ids": "the id of '~' is 2^53 where it is 126, and the model's output changes with neither",
    "greater_ids": "the id of '~' is 2^53 + 1 where it is 126, and the model's output changes with neither",
    "great_numbers": "the map holds whole numbers of 2^53",
    "greater_numbers": "the map holds whole numbers of 2^53 + 1",
    "empty_map": "the map has no columns",
    "fewer_real": "the last token of each row is said to be padding",
    "longer_layer": "layer.1 has a position more than there are tokens",
    "minds_tilde": "layer.1 is moved by a thousandth in texts with a '~'",
    "trembles": "layer.1 is moved by noise of its own in every run",
    "untold": "no row has tokens to show",
    "untold_row": "every third row has no tokens to show",
    "stumbles": "padding is said to be attended to, and what is given to it raises an error",
    "stumbles_in_float64": "the same, in double precision alone",
    "stumbles_midway": "the same, after layer.0 was written",
    "breaks": "the framework raises in layer.1 of every batch",
    "breaks_on_tilde": "the framework raises in layer.1 of a batch with a '~'",
    "breaks_at_once": "the framework raises before anything is written",
    "moves_and_breaks": "layer.0 is moved by a thousandth, and the framework raises in layer.1",
    "crashes": "the process aborts in layer.1 of the first batch",
    "crashes_on_tilde": "the process ends in layer.1 of a batch with a '~'",
    "crashes_in_float64": "the process aborts in layer.1 in double precision",
    "is_killed": "the process is killed in layer.1 of the first batch",
    "more_columns": "four columns of logits for three classes",
}
_EMBEDDED = ["row", "token", "hidden"]


class Session:
    def __init__(self, way: str) -> None:
        self.way = way
        self.requested = 0

    def describe(self) -> dict[str, Any]:
        names = ["embeddings"] + [f"layer.{k}" for k in range(LAYERS)]
        stages = [(self._name(name), _EMBEDDED) for name in names if not self._hides(name)]
        stages += [("pooled", ["row", "hidden"]), ("output.map", ["row", "other", "other"])]
        stages += [("logits", ["row", "class"])]
        labels = ["no", "perhaps", "yes"]
        return {
            "framework": "fooling",
            "versions": {"numpy": numpy.__version__},
            "stages": [{"name": name, "axes": axes} for name, axes in stages],
            "can": {"accepts_feed": True, "float64": True, "pairs": "optional"},
            "labels": labels[::-1] if self.way == "more_columns" else labels,
            "task": "sequence_classification",
            "weights_digest": "sha256:toy",
        }

    def tokenize(self, examples: list[dict[str, Any]]) -> dict[str, Any]:
        kept = [self._ids(example["text"]) for example in examples]
        encodings = [self._encoding(example["text"]) for example in examples]
        if self.way == "untold_row":
            encodings = [
                None if example["row"] % 3 == 1 else seen for example, seen in zip(examples, encodings)
            ]
        if self.way == "untold":
            encodings = [None] * len(encodings)
        return {"rows": encodings, "kept": kept}

    def forward(self, rows: Any, inputs: Any, stages: Any, precision: Any, write: Any) -> dict[str, Any]:
        if inputs is not None:
            if self.way == "stumbles" or (self.way == "stumbles_in_float64" and precision):
                raise IndexError("index out of range in self")
            ids, real = (numpy.array(inputs[name], dtype="int64") for name in ("input_ids", "real"))
        else:
            ids, real = _padded(rows)
        if self.way == "breaks_at_once":
            raise RuntimeError("nothing was computed")
        self.requested += precision is not None
        if precision and (
            self.way in ("raises_in_float64", "batch_without_float64")
            or (self.way == "raises_later_in_float64" and self.requested > 1)
        ):
            raise NotImplementedError("'grouped' not implemented for 'Double'")
        write("input_ids", ids, ["row", "token"])
        write("real", self._real(real).astype("uint8"), ["row", "token"])
        attended = numpy.ones_like(real) if self.way.startswith("stumbles") and inputs is None else real
        write("attention_mask", attended, ["row", "token"])
        for name, (values, axes) in _run(ids, real, precision or "float32").items():
            if name == "layer.1":
                self._break(ids, precision)
                if self.way == "stumbles_midway" and inputs is not None:
                    raise IndexError("index out of range in self")
            shown = self._fool(name, values, ids, real, precision)
            if shown is not None and (stages is None or self._name(name) in stages):
                write(self._name(name), shown, axes)
        said = {"mixed_in_float64": "mixed: grouped", "kept_in_float64": "kept: softmax"}.get(
            self.way, "pure"
        )
        return {"float64": said} if precision else {}

    def _break(self, ids: Any, precision: Any) -> None:
        tilde = bool((ids == ord("~")).any())
        if self.way in {"breaks", "moves_and_breaks"} or (self.way == "breaks_on_tilde" and tilde):
            raise RuntimeError("layer 1 has no weights")
        if self.way == "crashes" or (self.way == "crashes_in_float64" and precision):
            os.abort()
        if self.way == "crashes_on_tilde" and tilde:
            os._exit(9)
        if self.way == "is_killed":
            os.kill(os.getpid(), signal.SIGKILL)

    def _name(self, name: str) -> str:
        return "block.1" if (self.way, name) == ("other_name", "layer.1") else name

    def _hides(self, name: str) -> bool:
        return (self.way, name) in {("stage_missing", "layer.1"), ("without_embeddings", "embeddings")}

    def _ids(self, text: str) -> list[int]:
        great = {"great_ids": GREAT, "greater_ids": GREAT + 1}.get(self.way, ord("~"))
        return [great if letter == "~" else ord(letter) for letter in text]

    def _real(self, real: Any) -> Any:
        if self.way != "fewer_real":
            return real
        place = numpy.arange(real.shape[1])[None, :]
        return real * (place < real.sum(axis=1, keepdims=True) - 1)

    def _fool(self, name: str, values: Any, ids: Any, real: Any, precision: Any) -> Any:
        way = self.way
        if way == "garbage_in_padding" and values.shape[:2] == real.shape and name != "output.map":
            garbage = numpy.random.default_rng(len(name)).normal(size=values.shape) * 1e6
            garbage[..., 0], garbage[..., 1] = numpy.nan, numpy.inf
            return numpy.where(real[:, :, None] != 0, values, garbage.astype(values.dtype))
        if way == "nothing_inside" and name.startswith("layer."):
            return None
        if name == "layer.0" and way == "moves_and_breaks":
            return values * values.dtype.type(1.001)
        if name == "output.map":
            whole = {"great_numbers": GREAT, "greater_numbers": GREAT + 1}.get(way)
            if whole is not None:
                return numpy.full(values.shape, whole, dtype="int64")
            return {"transposed": values.transpose(0, 2, 1), "empty_map": values[:, :0]}.get(way, values)
        if name == "logits" and way == "more_columns":
            return numpy.concatenate([values, values[:, :1]], axis=1)
        return self._fool_layer(values, ids, real, precision) if name == "layer.1" else values

    def _fool_layer(self, values: Any, ids: Any, real: Any, precision: Any) -> Any:
        way = self.way
        if way == "withheld" or (way == "no_float64_layer" and precision):
            return None
        if way == "trembles":
            values = values + numpy.random.default_rng().normal(size=values.shape).astype(values.dtype) / 100
        if way == "tokens_permuted":
            for row, count in enumerate(real.sum(axis=1)):
                values[row, :count] = values[row, :count][::-1].copy()
        spot = {"positive_infinity": "inf", "negative_infinity": "-inf", "one_nan": "nan"}.get(way)
        if way == "nan_in_float64" and precision:
            spot = "nan"
        if spot is not None:
            values[0, 0, 2] = float(spot)
        if way == "all_nan":
            values[:] = numpy.nan
        if way == "longer_layer":
            return numpy.concatenate([values, values[:, :1]], axis=1)
        if way == "batch_without_float64":
            values = (values * (1 + 0.01 * len(values))).astype(values.dtype)
        if way == "minds_tilde" or (way == "minds_tilde_in_float64" and precision):
            much = 1e-3 if way == "minds_tilde" else 1e-9
            values = values * (1 + much * (ids == ord("~")).any(axis=1)[:, None, None]).astype(values.dtype)
        return values

    def _encoding(self, text: str) -> Any:
        return {
            "input_ids": self._ids(text),
            "pieces": list(text),
            "offsets": [[place, place + 1] for place in range(len(text))],
            "segments": [0] * len(text),
            "special": [0] * len(text),
            "token_type_ids": None,
            "normalized": text,
            "normalized_pair": None,
            "untruncated": len(text),
        }


def _padded(rows: list[list[int]]) -> Any:
    longest = max(1, max(map(len, rows)))
    ids = [row + [0] * (longest - len(row)) for row in rows]
    real = [[1] * len(row) + [0] * (longest - len(row)) for row in rows]
    return numpy.array(ids, dtype="int64"), numpy.array(real, dtype="int64")


def _run(ids: Any, real: Any, kind: str) -> dict[str, Any]:
    """Every stage by name, with its axes; an id of 2^53 or more is read as '~', so that the model cannot mind it."""
    letters = numpy.where(ids >= GREAT, ord("~"), ids)
    hidden = numpy.sin(letters[:, :, None] * numpy.arange(1, HIDDEN + 1) / 7).astype(kind)
    shown = {"embeddings": (hidden, _EMBEDDED)}
    for layer in range(LAYERS):
        weights = numpy.random.default_rng(layer).normal(size=(HIDDEN, HIDDEN)).astype(kind)
        hidden = numpy.tanh(hidden @ weights)
        shown[f"layer.{layer}"] = (hidden, _EMBEDDED)
    mask = real[:, :, None].astype(kind)
    pooled = (hidden * mask).sum(axis=1) / numpy.maximum(mask.sum(axis=1), 1)
    shown["pooled"] = (pooled, ["row", "hidden"])
    shown["output.map"] = (pooled.reshape(-1, 2, 3) + 1, ["row", "other", "other"])
    head = numpy.random.default_rng(9).normal(size=(HIDDEN, 3)).astype(kind)
    shown["logits"] = (pooled @ head, ["row", "class"])
    return {name: (values.copy(), axes) for name, (values, axes) in shown.items()}


def open(request: dict[str, Any], host: Any) -> Session:
    if request["locator"] not in WAYS:
        raise host.Refusal("subject", f"fooling: knows no way called {request['locator']!r}.")
    return Session(request["locator"])
