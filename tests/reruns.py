"""A browser that shares two processors with all else may be late: such a case runs once more, and pytest says so."""

from __future__ import annotations

import pytest

# What was waited for in vain, on a page that perhaps was not there yet; what is wrong is so the second time, too.
LATE = [r"^TimeoutError:", r"^Error: (Page|Locator|Frame|BrowserContext)\.", r"with timeout \d+ms", r"Timeout \d+ms"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what drives a browser."""
    for item in items:
        if "browser" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.flaky(reruns=1, only_rerun=LATE))
