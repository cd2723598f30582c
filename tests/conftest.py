"""What all tests share.

On CI, property-based tests draw the same examples every time; elsewhere new ones. Where several workers share the tests (`-n 2`), each takes
whole modules, and the longest come first, so that no worker is left with one at the end: those with the most tests that run a real
framework, which take seconds each. A worker computes on one core: its neighbours have the others. Frameworks are imported once for
all tests of a worker (`tests/warm`), but where a test asks for `cold`.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Generator, Iterator

import pytest
from hypothesis import settings

from tests import reported
from tests.warm import client as warm

settings.register_profile("ci", derandomize=True)
if os.environ.get("CI"):
    settings.load_profile("ci")

if "PYTEST_XDIST_WORKER" in os.environ:
    for _name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(_name, "1")

warm.begin()


@pytest.fixture
def cold() -> Iterator[None]:
    """Every process of the test is started cold, as a user's is."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(warm.COLD, "1")
        yield


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put the modules that take longest first, each as a whole and in its own order, where several workers share them."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        return
    real = Counter(item.path for item in items if item.get_closest_marker("real") is not None)
    items.sort(key=lambda item: -real[item.path])


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None]:
    """Put what parity reported beside the result of a test that holds a line of docs/false-passes.md."""
    try:
        yield
    finally:
        item.user_properties.extend(reported.properties(item))
