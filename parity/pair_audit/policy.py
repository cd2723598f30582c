"""A policy: what is required of a pair, as numbers. `faithful`, `decisions` and `bitwise` are built in; a TOML file sets others.

A file names the policy it starts from and what it changes::

    base = "faithful"        # or "decisions", "bitwise"
    name = "our release gate"
    floor_factor = 5.0       # how many times the measured noise floor a stage may differ by
    check_float64 = true     # whether a difference that only float64 shows is a divergence
    float64_limit = 1e-12    # relative L2 in float64 up to which two sides agree
    flip_rate = 0.01         # decisions: upper bound of the flip rate that is still equivalent
    probability = 0.05       # decisions: largest difference of a probability that is still equivalent (both, or neither)
    confidence = 0.95        # of the one-sided bound on the flip rate
    ignore = ["pooled"]      # stages, by name or pattern, that are measured and do not count
    [stages]
    "layer.3" = 1e-3         # the limit of one stage: a relative L2, in float32 and in float64, instead of its floor
    "layer.*" = 1e-2         # the limit of every stage that the pattern fits; a stage's own name comes first

What is over the noise floor and under a limit is not noise: the stage is `within_limit`, and the verdict `equivalent`. The same
holds of a `floor_factor` above 5 and a `float64_limit` above 1e-12, which permit more than rounding explains. Where a file sets
limits and a flip rate, both must hold.
"""

from __future__ import annotations

import difflib
import math
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import msgspec

from parity.errors import PolicyError
from parity.records.policy import PolicyRecord
from parity.records.stage_patterns import matching
from parity.stages import DECIDING

__all__ = ["BUILT_IN", "load_policy", "with_options"]

BUILT_IN: dict[str, PolicyRecord] = {
    "faithful": PolicyRecord(name="faithful", floor_factor=5.0, float64_limit=1e-12, check_float64=True),
    "decisions": PolicyRecord(
        name="decisions",
        floor_factor=5.0,
        float64_limit=1e-12,
        check_float64=True,
        flip_rate=0.01,
        probability=0.05,
    ),
    "bitwise": PolicyRecord(name="bitwise", floor_factor=0.0, float64_limit=0.0, check_float64=False),
}

_NUMBERS = {"floor_factor", "float64_limit", "flip_rate", "probability", "confidence"}
_KEYS = {"base", "name", "check_float64", "stages", "ignore", *_NUMBERS}


def load_policy(name: str) -> PolicyRecord:
    """The built-in policy of that name, or the one a TOML file describes; raises PolicyError with what is wrong."""
    if name in BUILT_IN:
        return BUILT_IN[name]
    path = Path(name)
    if path.suffix != ".toml":
        raise PolicyError(
            f"{name!r} is not a policy.",
            next_step=f"Use one of {', '.join(BUILT_IN)}, or the path of a .toml file.",
        )
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise PolicyError(
            f"The policy file {name} cannot be read: {error.strerror}.", next_step="Check the path."
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise PolicyError(
            f"The policy file {name} is not TOML: {error}.", next_step="Fix that line."
        ) from error
    return _from_table(data, name)


def _from_table(data: dict[str, Any], source: str) -> PolicyRecord:
    for key in data:
        if key not in _KEYS:
            near = difflib.get_close_matches(key, _KEYS, n=1)
            hint = f"Did you mean {near[0]!r}?" if near else f"The keys are {', '.join(sorted(_KEYS))}."
            raise PolicyError(
                f"{source} has the key {key!r}, which is not a key of a policy.", next_step=hint
            )
    base = data.get("base", "faithful")
    if not isinstance(base, str) or base not in BUILT_IN:
        raise PolicyError(
            f"{source}: base = {base!r} is not a built-in policy.", next_step=f"Use {', '.join(BUILT_IN)}."
        )
    start = BUILT_IN[base]
    values: dict[str, Any] = {name: getattr(start, name) for name in start.__struct_fields__}
    values["name"] = str(data.get("name", Path(source).stem))
    for key in _NUMBERS & data.keys():
        values[key] = _number(data[key], key, source)
    for key in {"flip_rate", "probability", "confidence"} & data.keys():
        if not 0 < values[key] < 1:
            raise PolicyError(
                f"{source}: {key} = {values[key]} is not a share.", next_step="Give a number between 0 and 1."
            )
    if values["confidence"] < 0.5:
        raise PolicyError(
            f"{source}: confidence = {values['confidence']} is below 0.5: such a bound shows nothing.",
            next_step="Give a number from 0.5 to below 1, such as 0.95.",
        )
    if "check_float64" in data:
        if not isinstance(data["check_float64"], bool):
            raise PolicyError(f"{source}: check_float64 = {data['check_float64']!r} is not true or false.")
        values["check_float64"] = data["check_float64"]
    values["ignore"] = _names(data.get("ignore", []), source)
    stages: object = data.get("stages", {})
    if not isinstance(stages, dict):
        raise PolicyError(
            f"{source}: stages is not a table.", next_step='Write [stages] and "layer.3" = 1e-3 below it.'
        )
    limits = cast("dict[str, object]", stages)
    values["stages"] = {stage: _number(limit, f"stages.{stage}", source) for stage, limit in limits.items()}
    given = [key for key in ("flip_rate", "probability") if values[key] is not None]
    if len(given) == 1:
        (lacking,) = {"flip_rate", "probability"} - set(given)
        raise PolicyError(
            f"{source}: {given[0]} = {values[given[0]]} has no effect without {lacking}, which {base} leaves open.",
            next_step=f'Write base = "decisions", or give {lacking} too.',
        )
    return _checked(PolicyRecord(**values), f"{source}: ignore =")


def with_options(policy: PolicyRecord, *, ignore: Sequence[str], allow_inconclusive: bool) -> PolicyRecord:
    """The policy with what the command line adds; raises PolicyError where that excludes what the policy judges."""
    names = list(dict.fromkeys(ignore))
    ignored = [*policy.ignore, *(name for name in names if name not in policy.ignore)]
    changed = msgspec.structs.replace(
        policy, ignore=ignored, ignore_option=names, allow_inconclusive=allow_inconclusive
    )
    return _checked(changed, "--ignore")


def _checked(policy: PolicyRecord, excluded_by: str) -> PolicyRecord:
    """The policy, if it does not exclude what its flip rate is about: `equivalent` would rest on what was not compared."""
    for stage in DECIDING if policy.flip_rate is not None else ():
        name = matching(stage, policy.ignore)
        if name is not None:
            raise PolicyError(
                f"The policy {policy.name} judges the decisions, and {excluded_by} {name!r} excludes {stage}.",
                next_step="Exclude other stages, or use a policy without a flip rate.",
            )
    return policy


def _names(value: object, source: str) -> list[str]:
    names = cast("list[object]", value) if isinstance(value, list) else [None]
    if not all(isinstance(name, str) for name in names):
        raise PolicyError(
            f"{source}: ignore is not a list of stage names.", next_step='Write ignore = ["pooled"].'
        )
    return [str(name) for name in names]


def _number(value: object, key: str, source: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value < 0:
        raise PolicyError(
            f"{source}: {key} = {value!r} is not a number of zero or more.", next_step="Fix that line."
        )
    return float(value)
