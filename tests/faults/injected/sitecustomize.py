"""Faults inside a worker process, from outside: Python imports this file at the start of a process that has it on its path.

`tests.faults.crashes` puts it there. It wraps seams of the product, which knows nothing of it, and acts at every
``FAULT_EVERY``-th passage of the seam that ``FAULT`` names, ``FAULT_TIMES`` times in all. Passages, fires and wakings are
counted in the files ``FAULT_MARK``.passed, .fired and .woke, so that restarts go on counting.
"""

from __future__ import annotations

import functools
import inspect
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

EVERY = int(os.environ.get("FAULT_EVERY", "1"))
TIMES = int(os.environ.get("FAULT_TIMES", "1"))
MARK = os.environ.get("FAULT_MARK", "")

Then = Callable[..., None]


def _count(what: str) -> int:
    with Path(f"{MARK}.{what}").open("a") as file:
        file.write(".")
        return file.tell()


def _fires() -> bool:
    """Counts one passage of the seam; whether the fault fires now."""
    passage, fired = _count("passed"), Path(f"{MARK}.fired")
    if passage % EVERY or (fired.exists() and fired.stat().st_size >= TIMES):
        return False
    _count("fired")
    return True


def die() -> None:
    if _fires():
        os.kill(os.getpid(), signal.SIGKILL)


def throw() -> None:
    if _fires():
        raise RuntimeError("a fault that a test injected")


def stop() -> None:
    """Stands still, as in a long pause of the machine, until somebody sends SIGCONT."""
    if _fires():
        os.kill(os.getpid(), signal.SIGSTOP)
        _count("woke")


def _wrap(owner: Any, name: str, before: Then | None = None, after: Then | None = None) -> None:
    """Calls ``before`` with the arguments of the seam, ``after`` with what it returned and the arguments."""
    real = getattr(owner, name)

    @functools.wraps(real)
    def plain(*arguments: Any, **options: Any) -> Any:
        if before:
            before(*arguments)
        found = real(*arguments, **options)
        if after:
            after(found, *arguments)
        return found

    @functools.wraps(real)
    async def awaited(*arguments: Any, **options: Any) -> Any:
        if before:
            before(*arguments)
        found = await real(*arguments, **options)
        if after:
            after(found, *arguments)
        return found

    setattr(owner, name, awaited if inspect.iscoroutinefunction(real) else plain)


def _install(fault: str) -> None:
    if not _install_in_page(fault):
        _install_in_the_others(fault)


def _install_in_page(fault: str) -> bool:
    """Whether it is a fault of the page worker, which is not to load what judges."""
    from agents.fenced_producer import FencedProducer
    from pipeline.page import read
    from pipeline.page.channels.webhook import WebhookSender
    from pipeline.page.sender import Sender
    from pipeline.page.stage import PageStage

    match fault:
        case "while alerts are read":
            _wrap(read, "newest", before=lambda *_: die())
        case "in a transaction":
            _die_before_a_commit()
        case "after alerts":
            _wrap(PageStage, "handle", after=_die_when_done)
        case "after intent":
            _wrap(Sender, "_send", before=lambda *_: die())  # that the try begins is written, and it does not
        case "after send":
            _wrap(WebhookSender, "send", after=lambda *_: die())  # it is delivered, and that is not written
        case "stopped before alerts":
            _wrap(FencedProducer, "write", before=lambda *_: stop())
        case "stopped after send":
            _wrap(WebhookSender, "send", after=lambda *_: stop())
        case _:
            return False
    return True


def _die_when_done(results: Any, *_: Any) -> None:
    """Where a batch's alerts are written, and nothing is acked or sent."""
    if any(type(result).__name__ == "Done" for result in results):
        die()


def _die_before_a_commit() -> None:
    """Where the records of a transaction are with the brokers, and it is not committed."""
    import aiokafka

    _wrap(aiokafka.AIOKafkaProducer, "commit_transaction", before=lambda *_: die())


def _install_in_the_others(fault: str) -> None:
    from agents import kafka_producer
    from pipeline.classify.judge import Judge
    from pipeline.classify.stage import ClassifyStage
    from pipeline.index.bulk import BulkWriter
    from pipeline.review.stage import ReviewStage
    from schemas import codec

    def then(action: Callable[[], None]) -> Then:
        return lambda *_: action()

    match fault:
        case "after decode":
            _wrap(codec, "decode_post", after=then(die))
        case "after inference":
            _wrap(Judge, "verdicts", after=then(die))
        case "after produce":
            _wrap(ClassifyStage, "handle", after=then(die))  # items are acknowledged, outcomes are not told
        case "after outcomes":
            _wrap(ClassifyStage, "settle", after=then(die))  # all is durable, nothing is acked
        case "after dead letter":
            _wrap(kafka_producer, "_acknowledged", after=_die_after_a_dead_letter)
        case "mid-bulk":
            _die_before_the_answer()
        case "after bulk":
            _wrap(BulkWriter, "write", after=then(die))
        case "after decision":
            _wrap(ReviewStage, "handle", after=then(die))  # the item is acknowledged, the audit is not told
        case "after audit":
            _wrap(ReviewStage, "settle", after=then(die))  # all is durable, nothing is acked
        case "stopped before decision":
            _wrap(ReviewStage, "handle", before=then(stop))
        case "exception in inference":
            _wrap(Judge, "verdicts", before=then(throw))
        case "exception in bulk":
            _wrap(BulkWriter, "write", before=then(throw))
        case "stopped before inference":
            _wrap(Judge, "verdicts", before=then(stop))
        case "stopped before bulk":
            _wrap(BulkWriter, "write", before=then(stop))
        case _:
            raise SystemExit(f"no fault is called {fault}")


def _die_after_a_dead_letter(_found: None, _future: Any, topic: str, _deadline: float) -> None:
    if topic.endswith("dead-letters"):
        die()


def _die_before_the_answer() -> None:
    """Where aiohttp has sent the request and waits for the answer's first byte."""
    import aiohttp

    def sent(answer: Any, *_: Any) -> None:
        if answer.url.path.endswith("/_bulk"):
            die()

    _wrap(aiohttp.ClientResponse, "start", before=sent)


if os.environ.get("FAULT") and any(argument.startswith("agents.") for argument in sys.orig_argv):
    _install(os.environ["FAULT"])
