"""Processes that seal rows side by side; they hold the keys of an import, and end with the command that began it."""

from __future__ import annotations

import gc
import os
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from itertools import chain, islice
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import TypeVar

from petition_app.storage.db import db

Given = TypeVar("Given")
Made = TypeVar("Made")

FEW = 4  # So few chunks are not worth processes of their own.
MOST = 8


def spread(work: Callable[[Given], Made], chunks: Iterable[Given]) -> Iterator[Made]:
    """Give what `work` makes of each chunk, in their order; many chunks are worked on by as many processes as fit.

    `work` may ask nothing of the database: no connection goes along.
    """
    chunks = iter(chunks)
    first = list(islice(chunks, FEW))
    if len(first) < FEW or (number := min(MOST, len(os.sched_getaffinity(0)))) < 2:
        yield from map(work, chain(first, chunks))
        return
    db.session.rollback()
    db.engine.dispose()
    yield from _spread(work, chain(first, chunks), number)


def _spread(work: Callable[[Given], Made], chunks: Iterator[Given], number: int) -> Iterator[Made]:
    """Each process has one chunk at a time, so that none can wait for the other in a circle."""
    context, pipes, processes = get_context("fork"), list[Connection](), []
    gc.freeze()  # What is there already stays shared, since nobody counts through it.
    try:
        for _ in range(number):
            ours, theirs = context.Pipe()
            pipes.append(ours)
            process = context.Process(target=_serve, args=(work, theirs, list(pipes)), daemon=True)
            process.start()
            processes.append(process)
            theirs.close()
        free, busy = deque(pipes), deque[Connection]()
        for chunk in chunks:
            made = list[Made]()
            if not free:
                free.append(pipe := busy.popleft())
                made.append(_received(pipe))
            free[0].send(chunk)
            busy.append(free.popleft())
            yield from made
        for pipe in busy:
            yield _received(pipe)
    finally:
        for process in processes:
            process.kill()
            process.join()
        for pipe in pipes:
            pipe.close()
        gc.unfreeze()


def _received(pipe: Connection) -> Made:  # type: ignore[type-var] # Whatever the work makes.
    made = pipe.recv()
    if isinstance(made, Exception):
        raise made
    result: Made = made
    return result


def _serve(work: Callable[[Given], Made], pipe: Connection, others: list[Connection]) -> None:
    """Work until the command ends, in whatever way: then its end of the pipe is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for other in others:
        other.close()
    with suppress(EOFError, OSError):
        while True:
            given: Given = pipe.recv()
            try:
                made: Made | Exception = work(given)
            except Exception as error:
                made = error
            pipe.send(made)
