"""In which order the cases run where several processes share them: what takes longest first, a file in one process.

A process that has nothing left takes over what another would do last, so what is long must not come last.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import pytest

# Seconds that files of few and long cases take, as a whole run has measured them with three processes.
LONG = {
    "test_story.py": 223,
    "web/test_bounds.py": 161,
    "test_kill.py": 156,
    "browser/test_every_page.py": 150,
    "bars/test_b02_keys_in_memory.py": 122,
    "bars/test_b49_outages.py": 120,
    "drill/test_seizure.py": 103,
    "local_desk/test_story_local.py": 101,
    "bars/test_b46_row_order.py": 100,
    "browser/test_eight_reviewers.py": 97,
    "verification/bulk/test_services.py": 84,
    "web/test_access.py": 83,
    "browser/test_back_and_reload.py": 79,
    "browser/test_groups.py": 79,
    "local_desk/test_local_desk.py": 78,
    "browser/test_pages.py": 76,
    "local_desk/test_lent_lists.py": 72,
    "imports/test_pages.py": 68,
    "browser/test_reading.py": 63,
    "browser/test_imports.py": 62,
    "local_desk/test_other_ports.py": 60,
    "bars/test_b23_uniform_answers.py": 57,
    "bars/test_b43_hostile_server.py": 57,
    "test_logs.py": 56,
    "imports/test_more_files.py": 55,
    "browser/test_sealed.py": 54,
    "test_private_files.py": 52,
    "verification/desk/test_case_view.py": 50,
    "signatures/test_invitation_lists.py": 48,
    "bars/test_proofs.py": 47,
    "local_desk/test_door.py": 45,
    "test_migrations.py": 45,
    "verification/bulk/test_kill.py": 45,
    "bars/test_b12_withdrawn_names.py": 42,
    "imports/test_services.py": 41,
    "browser/test_desk_pages.py": 40,
    "mailer/test_smtp.py": 40,
    "web/test_pseudo_locale.py": 39,
    "bars/test_b45_policy.py": 38,
    "browser/test_before_opening.py": 38,
    "tally/test_services.py": 38,
    "browser/test_words.py": 37,
    "imports/test_reported_files.py": 36,
    "petitions/test_freezing.py": 35,
    "local_desk/test_local_buttons.py": 34,
    "test_two_apps.py": 34,
    "browser/test_workbench.py": 33,
    "local_desk/test_workbench.py": 33,
    "bars/test_b47_hostile_clients.py": 32,
    "test_machines.py": 31,
    "browser/test_road.py": 30,
    "bars/test_b50_erasure.py": 29,
    "web/test_gateway.py": 28,
    "web/test_named_buttons.py": 28,
    "browser/test_first_signer.py": 26,
    "browser/test_keyboard.py": 26,
    "imports/test_sheet.py": 26,
    "keys/test_duress.py": 26,
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
