"""Edits that nobody calls edits: some sources send a changed post again under its old date, without ``edited_at``.

The newest wording wins by its revision. One that has the revision of what it replaces could not be told from a repeat: a
decision on the old wording would outrank it for ever, and an alert would not learn of it. A record by itself does not say
whether it is a new wording or an old one that comes again, so no stage can know. But whoever reads the source can: of
every post it is remembered how it was worded, and a wording that is new to a known revision gets the moment at which it
was read as its ``edited_at``. That is in the record itself from then on, and every replay of `[posts]` agrees.

* A wording that was read before has the revision that it got then. So what is sent again, an old file too, changes nothing.
  It also means that an author who takes such an edit back is not noticed: nobody could tell that from a repeat.
* What is not remembered (another machine read it, or it is longer ago than `REMEMBERED`) is as the source has it.

Only hashes are kept, of who posted what and of how it was worded.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import sqlite3
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from msgspec.structs import replace

from pipeline.log import get_logger
from schemas.identity import milliseconds
from schemas.post import Post, PostDeleted

WORDINGS: Final = Path("ingest") / "wordings.sqlite3"
"""Within the home folder."""

REMEMBERED: Final = dt.timedelta(days=14)
"""Twice as long as `[posts]` keeps them."""

MOST: Final = 2_000_000
MOST_IN_MEMORY: Final = 200_000
"""Wordings that are kept, the newest; some 100 bytes each. The latter where the file can't be used."""

PRUNED_EVERY: Final = 100_000
"""After so many new ones the oldest are forgotten."""

MOST_UNSAVED: Final = 5000

_HASH: Final = 16
_MILLISECOND: Final = dt.timedelta(milliseconds=1)
_EPOCH: Final = dt.datetime.fromtimestamp(0, dt.UTC)

_Known = dict[bytes, int | None]
"""Hash of a wording → the revision that it was given, in ms; None: the one that the source says."""

log = get_logger(__name__)


class Wordings:
    """What was read, on this machine; a context. One thread uses it, and other processes may use the same file.

    What was not saved when the process died is not remembered, so it is saved about once a second.
    """

    def __init__(self, file: Path, now: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC)) -> None:
        """A ``file`` that can't be used is logged, and only this process remembers: posts must come in all the same."""
        self._now = now
        self._unsaved: dict[bytes, _Known] = {}
        self._most = MOST
        self._since_pruned = 0
        try:
            self._database = _opened(file)
            self._prune()
        except (sqlite3.Error, OSError) as error:
            log.warning("wordings are not remembered beyond this process", file=str(file), reason=str(error))
            self._database, self._most = _opened(None), MOST_IN_MEMORY

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def revised(self, record: Post | PostDeleted) -> Post | PostDeleted:
        """``record``, as an edit if its wording is new to its revision."""
        if isinstance(record, PostDeleted):
            return record
        said = milliseconds(record.revision)
        post = _hash(record.uid, str(said))
        wording = _hash(record.text)
        known = self._known(post)
        if wording not in known:
            read = milliseconds(record.read_at) if record.read_at else said
            given = None if not known else max(read, said + 1, *(one + 1 for one in known.values() if one is not None))
            known[wording] = given
            self._unsaved.setdefault(post, {})[wording] = given
            if len(self._unsaved) >= MOST_UNSAVED:
                self.save()
        given = known[wording]
        return record if given is None else replace(record, edited_at=_EPOCH + given * _MILLISECOND)

    def save(self) -> None:
        """Writes down what is new, in one short transaction, so that another process need not wait for ours."""
        if not self._unsaved:
            return
        at = milliseconds(self._now())
        rows = [(post, said, given, at) for post, known in self._unsaved.items() for said, given in known.items()]
        try:
            with self._database:
                self._database.executemany("INSERT OR IGNORE INTO wording VALUES (?, ?, ?, ?)", rows)
            self._since_pruned += len(rows)
            if self._since_pruned >= PRUNED_EVERY:
                self._prune()
        except sqlite3.Error as error:
            log.warning("wordings are not saved", reason=str(error), wordings=len(rows))
        self._unsaved.clear()

    def close(self) -> None:
        self.save()
        self._database.close()

    def _known(self, post: bytes) -> _Known:
        found: _Known = {}
        try:
            found = dict(self._database.execute("SELECT said, given FROM wording WHERE post = ?", (post,)))
        except sqlite3.Error as error:
            log.warning("wordings can't be looked up", reason=str(error))
        return found | self._unsaved.get(post, {})

    def _prune(self) -> None:
        """Forgets what is older than memory, and the oldest beyond what there is room for. Raises sqlite3.Error."""
        self._since_pruned = 0
        oldest = milliseconds(self._now() - REMEMBERED)
        with self._database:
            self._database.execute("DELETE FROM wording WHERE read < ?", (oldest,))
            self._database.execute(
                "DELETE FROM wording WHERE read <= (SELECT read FROM wording ORDER BY read DESC LIMIT 1 OFFSET ?)",
                (self._most,),
            )


def _opened(file: Path | None) -> sqlite3.Connection:
    """The database; in memory where there is no ``file``."""
    if file is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
    database = sqlite3.connect(file or ":memory:", timeout=5.0, check_same_thread=False)
    try:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = NORMAL")
        with database:
            database.execute(
                "CREATE TABLE IF NOT EXISTS wording"
                " (post BLOB, said BLOB, given INTEGER, read INTEGER, PRIMARY KEY (post, said)) WITHOUT ROWID"
            )
    except sqlite3.Error:
        database.close()
        raise
    return database


def _hash(*parts: str) -> bytes:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).digest()[:_HASH]
