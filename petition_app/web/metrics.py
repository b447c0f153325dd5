"""What an operator's monitoring reads, and one line of log for each request: rules, methods, statuses, times.

Neither holds an address, a query, a slug, a name or who asked.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from petition_app.storage import completions, erasures, jobs, task_failures

STANDARD_OUTPUT = 1  # The descriptor.
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Meter:
    """Counts the requests of one process; the rest is read from the database when it is asked for.

    Where it `writes`, as in the web server's process, each leaves one line on standard output: in one piece, which the
    system does not mix with others, so that nobody waits for a lock.
    """

    def __init__(self) -> None:
        self.writes = False
        self.registry = CollectorRegistry()
        self._found: dict[tuple[str, str, int], tuple[Counter, Histogram, str]] = {}
        words = ("rule", "method", "status")
        self.answered = Counter("countersign_requests", "Requests answered.", words, registry=self.registry)
        self.took = Histogram(
            "countersign_request_seconds", "Time to answer.", ("rule",), registry=self.registry, buckets=BUCKETS
        )

    def note(self, *, rule: str, method: str, status: int, seconds: float) -> None:
        """Count one request and write its line. `rule` is the pattern of the path, empty where none fits."""
        method = method if method in ("GET", "HEAD", "POST", "OPTIONS") else "other"
        answered, took, begun = self._find(rule, method, status)
        answered.inc()
        took.observe(seconds)
        if self.writes:
            with suppress(OSError):  # If nobody listens any more, it is lost.
                os.write(STANDARD_OUTPUT, f"{begun}{1000 * seconds:.1f}}}\n".encode())

    def _find(self, rule: str, method: str, status: int) -> tuple[Counter, Histogram, str]:
        """Return what counts such requests, and how their line begins, looked up once."""
        if (rule, method, status) not in self._found:
            line = json.dumps({"rule": rule, "method": method, "status": status, "ms": 0})
            counter = self.answered.labels(rule, method, f"{status // 100}xx")
            self._found[rule, method, status] = counter, self.took.labels(rule), line.removesuffix("0}")
        return self._found[rule, method, status]

    def read(self, *, at: datetime) -> bytes:
        """Return everything as Prometheus reads it."""
        moment = CollectorRegistry()
        moment.register(_Waiting(at))
        return generate_latest(self.registry) + generate_latest(moment)


class _Waiting(Collector):
    """What waits in the database at one moment: jobs and mail, publications; and when a worker was seen."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def describe(self) -> list[Metric]:
        """Name nothing beforehand."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Read the tables of jobs, marks and workers."""
        counts = GaugeMetricFamily("countersign_jobs_waiting", "Jobs that wait.", labels=["job"])
        ages = GaugeMetricFamily("countersign_jobs_oldest_seconds", "How long the oldest is overdue.", labels=["job"])
        dead = GaugeMetricFamily("countersign_jobs_dead", "Jobs given up, undelivered mail among them.", labels=["job"])
        for name, waiting, oldest, lost in jobs.summary():
            counts.add_metric([name], waiting)
            ages.add_metric([name], self._since(oldest) if oldest else 0)
            dead.add_metric([name], lost)
        yield from (counts, ages, dead)
        failing = GaugeMetricFamily(
            "countersign_tasks_failing", "Things, such as petitions, for which a task fails.", labels=["task"]
        )
        for name, number in task_failures.count_failures().items():
            failing.add_metric([name], number)
        yield failing
        due = jobs.due_since()
        yield GaugeMetricFamily(
            "countersign_tally_lag_seconds",
            "Age of the oldest change that is not public yet, in whole hours; sealed petitions wait on purpose.",
            value=self._since(due) if due else 0,
        )
        seen = jobs.last_heartbeat()
        yield GaugeMetricFamily(
            "countersign_worker_seen_seconds",
            "Since a worker was last seen; -1: never.",
            value=self._since(seen) if seen else -1,
        )

        yield GaugeMetricFamily(
            "countersign_erasures_pending",
            "Erasures that the log of the database may still keep.",
            value=erasures.count_pending(),
        )
        rounds = GaugeMetricFamily(
            "countersign_round_seconds", "Since a round of the worker was last done; -1: never.", labels=["round"]
        )
        for name in completions.ROUNDS:
            done = completions.last(name)
            rounds.add_metric([name], self._since(done) if done else -1)
        yield rounds

    def _since(self, moment: datetime) -> float:
        return max(0.0, (self.at - moment).total_seconds())
