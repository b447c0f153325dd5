"""Two who do the same at one moment: the second begins while the first has not ended, and waits for it or is told."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from time import sleep
from typing import Any, TypeVar

from flask import Flask
from sqlalchemy import text

from petition_app.storage.db import db
from tests import factories as make

Found = TypeVar("Found")


def beside(app: Flask, first: Callable[[], object], second: Callable[[], Found]) -> Found:
    """Do `first` in a transaction, and `second` in another one before that ends; return what `second` returned."""
    with ThreadPoolExecutor(1) as pool:
        with make.acting(app):
            first()
            db.session.flush()
            answer = pool.submit(second)
            wait_until_it_waits(answer)
        return answer.result(60)


def wait_until_it_waits(answer: Future[Any]) -> None:
    """Wait until another connection waits for what this one holds, or has its answer; SQLite cannot be asked."""
    if db.engine.dialect.name == "sqlite":
        sleep(0.3)
        return
    with db.engine.connect() as connection:
        for _ in range(3000):
            if answer.done() or connection.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted")):
                return
            sleep(0.01)
    raise AssertionError("nobody waits")
