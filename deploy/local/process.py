"""Processes that outlive the command that starts them: start, find again, stop; and a lock between commands."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
from rich.console import Console

from deploy.local.place import Account
from pipeline.errors import LocalStackError

_CREATED_TOLERANCE_SECONDS = 2.0
"""How far two readings of one process's create time may lie apart: the system's clock may have been set meanwhile."""

_KILL_SECONDS = 10.0
"""How long the system may take to end a process that was killed."""

_children: dict[int, subprocess.Popen[bytes]] = {}


@dataclass(frozen=True)
class Started:
    """What is noted of a process, enough to know it again: a pid alone may belong to another process by now."""

    pid: int
    created: float


def spawn(
    command: Sequence[str], *, environment: Mapping[str, str], folder: Path, output: Path, account: Account | None
) -> Started:
    """Starts ``command`` in a session of its own, so that Ctrl-C on this terminal doesn't reach it.

    Its output replaces the file ``output``. ``account`` is the user it runs as, None for ours.
    """
    try:
        with output.open("wb") as out:
            child = subprocess.Popen(
                command,
                env=dict(environment),
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                umask=0o077,
                user=account.uid if account else None,
                group=account.gid if account else None,
                extra_groups=[] if account else None,
            )
    except (OSError, subprocess.SubprocessError) as error:
        raise LocalStackError(f"{command[0]} can't be started ({error}).", "Run `flagpost doctor`.") from None
    _children[child.pid] = child
    try:
        return Started(child.pid, psutil.Process(child.pid).create_time())
    except psutil.NoSuchProcess:
        return Started(child.pid, time.time())


def run(
    command: Sequence[str],
    *,
    environment: Mapping[str, str],
    folder: Path,
    output: Path,
    account: Account | None,
    seconds: float,
) -> int:
    """Runs ``command`` as `spawn` does, waits for it and returns its exit code; after ``seconds`` it is killed."""
    started = spawn(command, environment=environment, folder=folder, output=output, account=account)
    try:
        return _children[started.pid].wait(seconds)
    except subprocess.TimeoutExpired:
        return -signal.SIGKILL
    finally:
        kill_session(started)


def find(started: Started | None, marker: str) -> psutil.Process | None:
    """The running process that was noted, None if it has ended or its pid now belongs to another one.

    ``marker`` is a text that the process's command line holds: the folder of its state.
    """
    if started is None:
        return None
    process = find_marked(started.pid, marker)
    if process and abs(process.create_time() - started.created) <= _CREATED_TOLERANCE_SECONDS:
        return process
    return None


def find_marked(pid: int, marker: str) -> psutil.Process | None:
    """The running process ``pid`` if its command line holds ``marker``, or if this very command started it."""
    if _has_ended(pid):
        return None
    child = _children.get(pid)
    try:
        process = psutil.Process(pid)
        # A child's command line is empty for a moment after its start, and so says nothing yet.
        ours = child is not None or (
            process.status() != psutil.STATUS_ZOMBIE and any(marker in word for word in process.cmdline())
        )
        return process if ours else None
    except psutil.Error:
        return None


def stop(process: psutil.Process, patience: float) -> None:
    """Asks the process and all it started to end, and kills what has not after ``patience`` seconds."""
    family = [process, *_descendants(process)]
    for member in family:
        _send(member, signal.SIGTERM)
    _wait_gone(family, patience)
    _kill(family)


def kill(process: psutil.Process) -> None:
    """Ends the process and all it started at once, as a crash would, and returns when they are gone."""
    _kill([process, *_descendants(process)])


def _kill(processes: Sequence[psutil.Process]) -> None:
    for process in processes:
        _send(process, signal.SIGKILL)
    _wait_gone(processes, _KILL_SECONDS)


def kill_session(started: Started) -> None:
    """Ends everything that was started with `spawn` by this very command and has not left its session."""
    child = _children.get(started.pid)
    if child is None:
        return
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(started.pid, signal.SIGKILL)
    child.wait()


def _descendants(process: psutil.Process) -> list[psutil.Process]:
    try:
        children: list[psutil.Process] = process.children(recursive=True)
        return children
    except psutil.Error:
        return []


def _send(process: psutil.Process, number: int) -> None:
    try:
        process.send_signal(number)
    except psutil.NoSuchProcess:
        pass
    except psutil.AccessDenied:
        raise LocalStackError(
            f"Process {process.pid} belongs to another user and can't be stopped.",
            "Run the command as the user who ran `flagpost local up`.",
        ) from None


def _wait_gone(processes: Sequence[psutil.Process], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while any(_is_there(process) for process in processes) and time.monotonic() < deadline:
        time.sleep(0.02)


def _is_there(process: psutil.Process) -> bool:
    """A killed process is a zombie as soon as its first thread has gone; as long as others have not, it holds its ports."""
    if _has_ended(process.pid):
        return False
    try:
        ended = process.status() == psutil.STATUS_ZOMBIE and process.num_threads() <= 1
        return bool(process.is_running() and not ended)
    except psutil.NoSuchProcess:
        return False


def _has_ended(pid: int) -> bool:
    """Whether ``pid`` is a child of ours that has ended; it is waited for then, so that it leaves no zombie."""
    child = _children.get(pid)
    if child is None or child.poll() is None:
        return False
    del _children[pid]
    return True


@contextmanager
def exclusive(path: Path, console: Console) -> Iterator[None]:
    """Holds the lock file ``path``, so that two commands do the same thing one after the other."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            console.print("Waiting for another flagpost command that is at work on the local servers …")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
