"""The Python code that a checkpoint brings along: copied to a folder of this runner, and described by the copies.

transformers copies such code to a folder of the user's, by the checkpoint's name alone in some versions: two runners whose
checkpoints share a name would run one another's code.
"""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile

__all__ = ["digest", "files", "keep_apart", "note"]

_VARIABLE = "HF_MODULES_CACHE"
_COPIES = "transformers_modules"


def keep_apart() -> None:
    """Let transformers copy code to a folder of this process alone, which is removed with its temporary files."""
    folder = tempfile.mkdtemp(prefix="modules-")
    os.environ[_VARIABLE] = folder
    # Where something has imported it already, a sitecustomize for one, it has read the variable.
    for name, module in list(sys.modules.items()):
        if name.startswith("transformers") and _VARIABLE in getattr(module, "__dict__", {}):
            setattr(module, _VARIABLE, folder)


def files() -> list[tuple[str, str]]:
    """The names and the SHA-256 of the files of code that were copied, in order; without the empty ones that make packages."""
    found: set[tuple[str, str]] = set()
    for folder, _, names in os.walk(os.path.join(os.environ.get(_VARIABLE, ""), _COPIES)):
        for name in names:
            if name.endswith(".py"):
                with open(os.path.join(folder, name), "rb") as file:
                    content = file.read()
                if content or name != "__init__.py":
                    found.add((name, hashlib.sha256(content).hexdigest()))
    return sorted(found)


def digest() -> str | None:
    """One digest of all the code that was copied; None where there was none."""
    found = files()
    if not found:
        return None
    listed = "".join(f"{name} {content}\n" for name, content in found)
    return "sha256:" + hashlib.sha256(listed.encode("utf-8")).hexdigest()


def note(name: str) -> str | None:
    """The sentence on which code was run; None where there was none."""
    found = files()
    if not found:
        return None
    listed = ", ".join(f"{file} (sha256:{content[:12]})" for file, content in found)
    return f"{name} was loaded with its own Python code: {listed}."
