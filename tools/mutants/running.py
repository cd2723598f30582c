"""The mutants of what reads, runs, records and answers."""

from __future__ import annotations

from tools.mutants.mutant import Mutant

__all__ = ["RUNNING"]

RUNNING = (
    Mutant(
        "inputs-changed",
        "if (tally.count, tally.digest()) != (self.count, self.digest):",
        "if tally.count != self.count:",
        ("tests/parity/inputs/test_inputs*.py",),
        ("tests/test_inputs.py",),
    ),
    Mutant(
        "ragged-table",
        "if len(cells) != len(header):",
        "if len(cells) < len(header):",
        ("tests/parity/inputs/test_*.py",),
        ("tests/test_inputs.py",),
    ),
    Mutant(
        "encoding-columns",
        "if row is not None and (column := row.misfit()):",
        'if row is None and (column := ""):',
        ("tests/parity/border/test_*.py",),
        ("tests/test_runner.py",),
    ),
    Mutant(
        "hook-shape",
        "if len(shape) != len(site.axes) or shape[: len(lead)] != lead:",
        "if len(shape) != len(site.axes):",
        ("tests/parity/in_process/test_tap*.py",),
        ("tests/test_tap.py",),
    ),
    Mutant(
        "forbidden-process",
        "if event in _PROCESSES:",
        "if event in _PROCESSES and not event:",
        ("tests/parity/in_process/test_forbidden*.py",),
        ("tests/test_forbidden.py",),
    ),
    Mutant(
        "forbidden-write",
        "return None if inside else",
        "return None if True else",
        ("tests/parity/in_process/test_forbidden*.py",),
        ("tests/test_forbidden.py",),
    ),
    Mutant(
        "archive-two-names",
        "if name in seen:\n",
        "if name in seen and not name:\n",
        ("tests/adapters/parity_allennlp/test_archive*.py",),
        ("tests/test_allennlp_archive.py",),
    ),
    Mutant(
        "archive-outside",
        'if name.startswith("/") or ".." in parts or',
        'if name.startswith("/") or',
        ("tests/adapters/parity_allennlp/test_archive*.py",),
        ("tests/test_allennlp_archive.py",),
    ),
    Mutant(
        "config-address",
        "if is_address(value):",
        "if is_address(value) and not value:",
        ("tests/adapters/parity_allennlp/test_*.py",),
        ("tests/test_allennlp_*.py",),
    ),
    Mutant(
        "outputs-other-text",
        "if texts is not None and texts[place] != example[part]:",
        "if texts is not None and texts[place] == example:",
        ("tests/adapters/parity_trace/test_outputs_runner*.py",),
        ("tests/test_outputs_runner.py",),
    ),
    Mutant(
        "outputs-votes",
        "if np.isposinf(values).any() or np.array_equal(rows, np.round(rows)):",
        "if np.isposinf(values).any():",
        ("tests/adapters/parity_trace/test_outputs_*.py",),
        ("tests/test_outputs_*.py",),
    ),
    Mutant(
        "exit-code",
        "return known.exit_code",
        "return 1",
        ("tests/parity/cli/test_*.py",),
        ("tests/test_cli.py",),
    ),
    Mutant(
        "foreign-out-folder",
        'if not audits and not _is_ours(place.folder / "junit.xml"):',
        "if not audits and not place.folder:",
        ("tests/parity/cli/test_out_folder*.py",),
        ("tests/test_out_folder.py",),
    ),
    Mutant(
        "policy-key",
        "if key not in _KEYS:",
        "if not key:",
        ("tests/parity/pair_audit/test_policy*.py",),
        ("tests/test_policy.py",),
    ),
    Mutant(
        "recipe-number",
        "if isinstance(value, float) and not math.isfinite(value):\n                raise RecipeError",
        "if isinstance(value, float) and math.isnan(value):\n                raise RecipeError",
        ("tests/parity/training/test_recipe*.py",),
        ("tests/test_recipe.py",),
    ),
    Mutant(
        "safetensors-cut",
        "if max(ends + [0]) > size - start:",
        "if max(ends + [0]) < 0:",
        ("tests/adapters/parity_transformers/test_*.py",),
        ("tests/test_transformers_runner.py",),
    ),
    Mutant(
        "shown-paths",
        'if path.startswith("~") or len([name for name in path.split("/") if name]) > _LEAST:',
        'if path.startswith("~"):',
        ("tests/parity/records/test_shown_paths*.py",),
        ("tests/test_shown_paths.py",),
    ),
    Mutant(
        "attention-without-effect",
        'if "attn" in given and attention != given["attn"]:',
        'if "attn" in given and attention == given["attn"]:',
        ("tests/real/test_without_effect*.py",),
        ("tests/real/test_without_effect.py",),
        only="has_an_effect",
    ),
)
