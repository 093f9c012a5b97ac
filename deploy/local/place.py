"""Where the local stack lives, and as which user its servers run.

As an ordinary user: programs in the user's cache folder, state under ``<home>/local``, the servers run as that user.

As root (a container, a CI machine) Elasticsearch refuses to start, so both servers run as an unprivileged user. Root's
home, and a virtual environment under it, may be closed to that user; so programs and a copy of the Java runtime go to
the system's cache folder, writable by root only, and state to a folder of its own under the system's state folder. Root
never writes into a folder that the unprivileged user could have prepared.
"""

from __future__ import annotations

import os
import pwd
import re
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path

from platformdirs import PlatformDirs

from pipeline.errors import LocalStackError
from pipeline.whole_file import write_whole

_USERS_INSTEAD_OF_ROOT = ("flagpost-local", "nobody", "daemon")

_HOME_NOTE = "home"
"""In root's folder of state: which home it belongs to."""


@dataclass(frozen=True)
class Account:
    """An unprivileged user of this machine."""

    name: str
    uid: int
    gid: int


@dataclass(frozen=True)
class Place:
    """``notes`` is what flagpost writes down, ``state`` is what the servers write, ``programs`` is shared by all homes.

    ``account`` is the user that the servers run as; None: the one who runs this command.
    """

    notes: Path
    state: Path
    programs: Path
    account: Account | None

    def settle(self) -> None:
        """Creates the folders. Raises `LocalStackError` when one that must be root's alone belongs to somebody else."""
        self.notes.mkdir(parents=True, exist_ok=True)
        if self.account is None:
            return
        for folder in (self.programs, self.state.parent, self.state):
            self.shown(folder)
            if folder.stat().st_uid != 0:
                raise LocalStackError(f"{folder} must belong to root, and doesn't.", "Remove it, or give it to root.")
        write_whole(_state_note(self.notes), f"{self.state.name}\n".encode())
        write_whole(self.state / _HOME_NOTE, f"{self.notes}\n".encode())

    def abandoned(self) -> list[Path]:
        """Folders of state whose homes were deleted; only root's stacks leave such."""
        if self.account is None:
            return []
        return [
            note.parent
            for note in self.state.parent.glob(f"*/{_HOME_NOTE}")
            if _noted_state_name(Path(note.read_text(encoding="utf-8").strip())) != note.parent.name
        ]

    def shown(self, folder: Path) -> Path:
        """``folder``, created if missing, in which only we can write and everybody can look, whatever the umask."""
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o755)
        return folder

    def fresh(self, folder: Path) -> Path:
        """An empty ``folder`` that only we can write to; `hand_over` gives it to the servers once it is filled."""
        shutil.rmtree(folder, ignore_errors=True)
        return self.shown(folder)

    def hand_over(self, folder: Path) -> Path:
        """Makes ``folder`` (created if missing) and the files that we wrote there the servers' own.

        What has been handed over once is left alone: by now it may hold links that the servers' user put there.
        """
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
        if self.account and folder.stat().st_uid != self.account.uid:
            for path in [*folder.iterdir(), folder]:
                os.chown(path, self.account.uid, self.account.gid, follow_symlinks=False)
        return folder

    def wipe(self, folder: Path) -> None:
        """Deletes one server's folder of state."""
        shutil.rmtree(folder, ignore_errors=True)
        if self.account and [path.name for path in self.state.glob("*")] == [_HOME_NOTE]:
            shutil.rmtree(self.state)


def place_for(home: Path) -> Place:
    """The place of the local stack of ``home``. Raises `LocalStackError` when root finds no user to run the servers."""
    dirs = PlatformDirs("flagpost", appauthor=False, use_site_for_root=True)
    notes = home.absolute() / "local"
    if os.geteuid() != 0:
        return Place(notes, notes, dirs.user_cache_path, account=None)
    name = _noted_state_name(notes) or f"local-{secrets.token_hex(6)}"
    return Place(notes, dirs.user_state_path / name, dirs.user_cache_path, _unprivileged_account())


def _state_note(notes: Path) -> Path:
    return notes / "state-folder"


def _noted_state_name(notes: Path) -> str | None:
    """The name of root's state folder that is noted in a home; a home that was deleted begins anew with another."""
    try:
        name = _state_note(notes).read_text(encoding="utf-8").strip()
    except OSError:
        name = ""
    return name if re.fullmatch("local-[0-9a-f]{12}", name) else None


def _unprivileged_account() -> Account:
    for name in _USERS_INSTEAD_OF_ROOT:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        if entry.pw_uid != 0:
            return Account(name, entry.pw_uid, entry.pw_gid)
    raise LocalStackError(
        f"Elasticsearch refuses to run as root, and none of the users {', '.join(_USERS_INSTEAD_OF_ROOT)} exists.",
        "Create a user named flagpost-local, or run the command as an ordinary user.",
    )
