"""The environment variables a runner sees: an allow-list of the user's, and what makes its results repeatable.

Variables that begin with PYTHON are not passed on: they are meant for this interpreter only.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase

__all__ = ["default_threads", "variables_for"]

_PASSED = (
    *("PATH", "HOME", "USER", "LOGNAME", "LANG", "LANGUAGE", "LC_*", "TZ", "TMPDIR", "TEMP", "TMP", "XDG_*"),
    *("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "CUDA_*", "NVIDIA_*", "CUBLAS_*", "HIP_*", "HSA_*", "ROC*"),
    *("HF_*", "HUGGINGFACE_*", "TRANSFORMERS_*", "TORCH_*", "PYTORCH_*"),
    *("HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "ALL_PROXY", "NO_PROXY"),
    *("http_proxy", "https_proxy", "ftp_proxy", "all_proxy", "no_proxy"),
    *("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"),
)


def variables_for(
    user: Mapping[str, str],
    *,
    threads: int,
    withheld: Iterable[str] = (),
    passed: Iterable[str] = (),
    variables: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """What a runner sees of `user`'s variables; patterns may end in `*`.

    >>> seen = variables_for({"PATH": "/bin", "PYTHONPATH": "/mine", "AWS_KEY": "x", "HF_TOKEN": "y"}, threads=1,
    ...                      withheld=["HF_TOKEN"])
    >>> sorted(seen)
    ['MKL_NUM_THREADS', 'OMP_NUM_THREADS', 'PATH', 'PYTHONHASHSEED', 'PYTHONUNBUFFERED', 'TOKENIZERS_PARALLELISM']
    """
    allowed, denied = (*_PASSED, *passed), ("PYTHON*", *withheld)
    seen = {
        name: value for name, value in user.items() if _matches(name, allowed) and not _matches(name, denied)
    }
    return {
        **seen,
        "PYTHONHASHSEED": "0",
        "PYTHONUNBUFFERED": "1",
        "TOKENIZERS_PARALLELISM": "false",
        "OMP_NUM_THREADS": str(threads),
        "MKL_NUM_THREADS": str(threads),
        **(variables or {}),
    }


def default_threads() -> int:
    """Half the cores this process may use, at least one: two runners work side by side."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, usable // 2)


def _matches(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)
