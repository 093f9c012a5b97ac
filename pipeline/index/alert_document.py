"""An alert → the document that is stored."""

from __future__ import annotations

import datetime as dt

from schemas.alert import Alert, AlertItem
from schemas.document import (
    AlertDocument,
    AlertEventFields,
    AlertFields,
    AlertFlagpostFields,
    AlertItemFields,
    RuleFields,
)
from schemas.identity import document_id


def alert_document_of(alert: Alert, now: dt.datetime) -> AlertDocument:
    """The document of ``alert``, stored ``now``. Its version is the alert's sequence."""
    return AlertDocument(
        timestamp=alert.opened_at,
        message=alert.title or f"{alert.rule}: {alert.group}",
        event=AlertEventFields(ingested=now, id=alert.id, kind="alert", start=alert.opened_at, end=alert.resolved_at),
        rule=RuleFields(alert.rule),
        flagpost=AlertFlagpostFields(
            AlertFields(
                sequence=alert.sequence,
                severity=alert.severity,
                group=alert.group,
                state=alert.state,
                updated_at=alert.updated_at,
                digest=alert.digest,
                count=alert.count,
                uids=[item.uid for item in alert.items],
                items=[_item(item) for item in alert.items],
                channels=sorted({page.channel for page in alert.pages}),
                recipients=sorted({page.recipient for page in alert.pages}),
                pages=alert.pages,
                failed=sum(page.end == "failed" for page in alert.pages),
                step=alert.step,
                acknowledged_at=alert.acknowledged_at,
                acknowledged_by=alert.acknowledged_by,
                acknowledged_after=_seconds(alert.opened_at, alert.acknowledged_at),
                resolved_by=alert.resolved_by,
            )
        ),
    )


def _seconds(since: dt.datetime, until: dt.datetime | None) -> int | None:
    return max(0, round((until - since).total_seconds())) if until else None


def _item(item: AlertItem) -> AlertItemFields:
    return AlertItemFields(document=document_id(item.source, item.id), uid=item.uid, state=item.state)
