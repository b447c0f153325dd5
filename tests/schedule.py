"""In which order the cases run where several processes share them: what takes longest first, a file in one process.

A process that has nothing left takes over what another would do last, so what is long must not come last.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import pytest

# Seconds that files of few and long cases take, as a whole run has measured them with three processes.
LONG = {
    "test_story.py": 130,
    "bars/test_b49_outages.py": 109,
    "bars/test_b46_row_order.py": 80,
    "test_kill.py": 70,
    "browser/test_pages.py": 69,
    "drill/test_seizure.py": 64,
    "web/test_bounds.py": 60,
    "bars/test_b23_uniform_answers.py": 58,
    "browser/test_every_page.py": 58,
    "imports/test_pages.py": 58,
    "local_desk/test_story_local.py": 55,
    "verification/bulk/test_services.py": 55,
    "bars/test_b02_keys_in_memory.py": 49,
    "verification/bulk/test_kill.py": 49,
    "browser/test_back_and_reload.py": 48,
    "web/test_access.py": 48,
    "verification/desk/test_case_view.py": 47,
    "browser/test_imports.py": 43,
    "imports/test_offers.py": 39,
    "signatures/test_invitation_lists.py": 35,
    "test_migrations.py": 35,
    "bars/test_b45_policy.py": 32,
    "bars/test_proofs.py": 32,
    "browser/test_words.py": 29,
    "web/test_pseudo_locale.py": 29,
    "browser/test_eight_reviewers.py": 28,
    "mailer/test_smtp.py": 28,
    "browser/test_sealed.py": 27,
    "petitions/test_freezing.py": 27,
    "tally/test_services.py": 27,
    "bars/test_b12_withdrawn_names.py": 26,
    "browser/test_reading.py": 26,
    "imports/test_reported_files.py": 26,
    "retention/test_floods.py": 26,
    "bars/test_b43_hostile_server.py": 25,
    "bars/test_b47_hostile_clients.py": 25,
    "bars/test_b50_erasure.py": 25,
    "local_desk/test_lent_lists.py": 25,
    "local_desk/test_local_desk.py": 25,
    "web/test_gateway.py": 25,
    "browser/test_before_opening.py": 24,
    "browser/test_groups.py": 24,
    "browser/test_road.py": 24,
    "test_machines.py": 24,
    "imports/test_more_files.py": 23,
    "browser/test_workbench.py": 22,
    "verification/sampling/test_services.py": 22,
    "bars/test_b51_words.py": 21,
    "browser/test_keyboard.py": 21,
    "verification/decisions/test_policy.py": 21,
    "bars/test_b01_canaries.py": 20,
    "browser/test_first_signer.py": 20,
    "imports/test_services.py": 20,
    "verification/dialogue/test_second_looks.py": 20,
    "web/staff/test_desk.py": 20,
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
