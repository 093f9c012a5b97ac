"""What `[alerts]` says now: every alert as its newest record has it. Pure but for the log."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from msgspec import Struct

from pipeline.errors import InvalidInput
from pipeline.log import get_logger
from schemas import codec
from schemas.alert import Alert
from schemas.topics import ALERTS

LEAST_SHOWN: Final = 6
"""Characters of an id that are shown at the least, so that they go on naming one alert when others come."""

_MOST_NAMED: Final = 5

log = get_logger(__name__)


class Change(Struct, frozen=True):
    """An alert as it was known before, and as it is now; None where there was none, or is none any more."""

    before: Alert | None
    now: Alert | None


class AlertView:
    """The alerts by id. Records may come more than once and in any order: the highest sequence counts."""

    def __init__(self) -> None:
        self._alerts: dict[str, Alert] = {}

    def take(self, key: bytes | None, value: bytes | None) -> Change | None:
        """Takes one record in and says what it changed. A record without a value removes its alert.

        One that can't be read is logged and changes nothing: what other alerts say must be seen all the same.
        """
        if value is None:
            gone = self._alerts.pop((key or b"").decode("utf-8", "replace"), None)
            return Change(gone, None) if gone else None
        try:
            alert: Alert = codec.decode(ALERTS, value)
        except codec.InvalidMessage as fault:
            log.warning("an alert that can't be read", reason=fault.reason, detail=fault.detail)
            return None
        before = self._alerts.get(alert.id)
        if before is not None and before.sequence >= alert.sequence:
            return None
        self._alerts[alert.id] = alert
        return Change(before, alert)

    def all(self) -> list[Alert]:
        return list(self._alerts.values())

    def get(self, alert_id: str) -> Alert | None:
        return self._alerts.get(alert_id)

    def find(self, begin: str) -> Alert:
        """The alert whose id is ``begin``, or is the only one that begins so. Raises `InvalidInput`."""
        wanted = begin.strip().lower()
        found = [alert for alert_id, alert in self._alerts.items() if wanted and alert_id.startswith(wanted)]
        if len(found) == 1:
            return found[0]
        if not found:
            raise InvalidInput(
                f"There is no alert {begin!r}.", "`flagpost alerts list --all` shows every alert that is kept."
            )
        newest = sorted(found, key=lambda alert: alert.opened_at, reverse=True)[:_MOST_NAMED]
        named = ", ".join(f"{alert.id} ({alert.state}, {alert.rule})" for alert in newest)
        more = f" and {len(found) - _MOST_NAMED:,} more" if len(found) > _MOST_NAMED else ""
        raise InvalidInput(f"The ids of {len(found):,} alerts begin with {begin!r}: {named}{more}.", "Give more of it.")


def shortest(alert_id: str, ids: Collection[str]) -> str:
    """As much of ``alert_id`` as names it among ``ids``, and `LEAST_SHOWN` characters at the least."""
    for length in range(LEAST_SHOWN, len(alert_id)):
        if not any(other.startswith(alert_id[:length]) for other in ids if other != alert_id):
            return alert_id[:length]
    return alert_id
