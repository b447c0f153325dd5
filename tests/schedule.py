"""In which order the cases run where several processes share them: what takes longest first, a file in one process.

A process that has nothing left takes over what another would do last, so what is long must not come last.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import pytest

# Seconds that files of few and long cases take, as a whole run has measured them with three processes.
LONG = {
    "test_story.py": 174,
    "browser/test_every_page.py": 129,
    "test_kill.py": 125,
    "browser/test_pages.py": 116,
    "bars/test_b49_outages.py": 110,
    "local_desk/test_story_local.py": 98,
    "bars/test_b46_row_order.py": 94,
    "verification/bulk/test_kill.py": 92,
    "bars/test_b02_keys_in_memory.py": 85,
    "browser/test_desk_pages.py": 80,
    "imports/test_pages.py": 71,
    "browser/test_eight_reviewers.py": 70,
    "drill/test_seizure.py": 65,
    "web/test_bounds.py": 65,
    "browser/test_reading.py": 62,
    "browser/test_groups.py": 55,
    "verification/bulk/test_services.py": 54,
    "web/test_access.py": 50,
    "mailer/test_smtp.py": 45,
    "browser/test_sealed.py": 45,
    "local_desk/test_other_ports.py": 45,
    "browser/test_after_opening.py": 40,
    "browser/test_before_opening.py": 40,
    "browser/test_words.py": 40,
    "browser/test_imports.py": 40,
    "test_logs.py": 40,
    "web/test_pseudo_locale.py": 38,
    "browser/test_road.py": 35,
    "browser/test_keyboard.py": 35,
    "local_desk/test_lent_lists.py": 35,
    "browser/test_first_signer.py": 30,
    "browser/test_first_reviewer.py": 20,
    "browser/test_roster.py": 15,
}


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put long files at the beginning of what each process is given, so that all are given about as much of them."""
    processes = getattr(config, "workerinput", {}).get("workercount", 1)
    if processes == 1:
        return
    files: dict[str, list[pytest.Item]] = defaultdict(list)
    for item in items:
        files[str(item.path.relative_to(Path(__file__).parent))].append(item)
    seconds, begin = [0.0] * processes, [list[pytest.Item]() for _ in range(processes)]
    for name in sorted(files.keys() & LONG.keys(), key=lambda name: (-LONG[name], name)):
        least = seconds.index(min(seconds))
        seconds[least] += LONG[name]
        begin[least] += files.pop(name)
    rest = [item for name in files for item in files[name]]
    left, ordered = len(items), list[pytest.Item]()
    for number, first in enumerate(begin):
        share = left // (processes - number)  # As pytest-xdist 3.8 deals out at first with `--dist worksteal`.
        left -= share
        more = max(0, share - len(first))
        ordered += [*first, *rest[:more]]
        del rest[:more]
    items[:] = [*ordered, *rest]
