"""What people are shown: the alert with its buttons, what became of a button, and what went wrong. Pure.

An alert is told by what it is, where, how many and since when, never by the words of a post: previews fetch this, too.
"""

from __future__ import annotations

import datetime as dt
from typing import Final
from xml.etree.ElementTree import Element

from pipeline.page.actions import possible
from pipeline.page.http.html import document, element
from pipeline.page.links import LinkClaim
from pipeline.page.wording import headline
from schemas.alert import ActionKind, Alert

CALL: Final = "If it is urgent, call the control room."

_BUTTONS: Final[dict[ActionKind, tuple[str, str]]] = {
    "acknowledge": ("Acknowledge", "You are seeing to it. It is not paged again while it stays acknowledged."),
    "escalate": ("Escalate", "Whoever is next in line is paged now."),
    "resolve": ("Resolve", "It is over. Whoever was paged is told so."),
}


def alert_page(alert: Alert, claim: LinkClaim, now: dt.datetime) -> str:
    """The alert and a button for each thing that can be done with this link."""
    left = [kind for kind in possible(alert) if claim.token(kind) not in alert.spent]
    used = [kind for kind in possible(alert) if kind not in left]
    body = [_about(alert, now)]
    if left:
        body += [_button(kind, alert) for kind in left]
        body.append(element("p", "You act as ", element("strong", claim.recipient), ", to whom this link was sent."))
    if used:
        names = " and ".join(_BUTTONS[kind][0].lower() for kind in used)
        body.append(element("p", f"With this link you have used {names} already; each works once."))
    if alert.state == "resolved":
        body.append(element("p", "There is nothing left to do."))
    return document(headline(alert), *body)


def recorded_page(alert: Alert, kind: ActionKind, now: dt.datetime) -> str:
    """What the page stage made of an action."""
    title, means, then = {
        "acknowledge": ("Acknowledged", "It is not paged again while it stays acknowledged.", "acknowledged"),
        "escalate": ("Escalated", "Whoever is next in line is paged.", "open"),
        "resolve": ("Resolved", "Whoever was paged is told so.", "resolved"),
    }[kind]
    if alert.state != then:
        title, means = "Recorded", "Somebody else has done something about this alert, too. So it stands now:"
    return document(
        title,
        element("p", means, role="status"),
        element("p", element("strong", headline(alert))),
        _about(alert, now),
        _link("See the alert"),
    )


def pending_page(alert: Alert, kind: ActionKind, now: dt.datetime) -> str:
    """The action is safe in Kafka; the page stage has not answered."""
    return document(
        "Recorded, not yet done",
        element(
            "p",
            f"Your “{_BUTTONS[kind][0].lower()}” is recorded and will be done. The part of flagpost that does it has not"
            " answered yet.",
            role="status",
        ),
        element("p", f"Look again in a minute. {CALL}"),
        element("p", element("strong", headline(alert))),
        _about(alert, now),
        element("p", element("a", "Look again", href=f"?done={kind}")),
    )


def needless_page(alert: Alert, kind: ActionKind, used: bool, now: dt.datetime) -> str:
    """Nothing was changed: the button was ``used`` before, somebody else was first, or there was nothing left to do."""
    if used:
        said = f"This link was used before to {kind} this alert; that works once."
    elif alert.state == "resolved":
        said = "This alert is resolved, so there was nothing left to do."
    elif kind == "escalate":
        said = "This alert was escalated after you had opened the page, so whoever was next in line has been paged already."
    else:
        said = "This alert was acknowledged before, so there was nothing left to do."
    return document(
        "Nothing was changed",
        element("p", said, role="status"),
        element("p", element("strong", headline(alert))),
        _about(alert, now),
        _link("See the alert"),
    )


def no_such_link() -> str:
    return _trouble("No such link", "This address leads nowhere. Look whether the whole link was copied.")


def expired() -> str:
    return _trouble("This link has expired", f"Links in pages work for some hours only. {CALL}")


def kept_no_more() -> str:
    return _trouble("This alert is not kept any more", "There is nothing left to do about it here.")


def too_often() -> str:
    return _trouble(
        "Too many requests", f"This link was used too often within a minute. Wait a little. {CALL}", again=True
    )


def away() -> str:
    return _trouble(
        "Not available", f"flagpost can't say now how this alert stands. Nothing was changed. {CALL}", again=True
    )


def not_recorded() -> str:
    return _trouble(
        "Not recorded", f"flagpost could not record what you chose. Please try it again. {CALL}", again=True
    )


def no_form() -> str:
    return _trouble("Nothing was changed", "What was sent is not what the buttons of this page send.", again=True)


def unexpected() -> str:
    return _trouble("Something unexpected happened", f"See in the alert whether it was recorded. {CALL}", again=True)


def _trouble(title: str, sentence: str, again: bool = False) -> str:
    """Something that can't be shown or done, in words for whoever was paged."""
    body = [element("p", sentence)]
    if again:
        body.append(_link("Try again"))
    return document(title, *body)


def _about(alert: Alert, now: dt.datetime) -> Element:
    rows: list[tuple[str, Element | str]] = [("State", _state(alert, now))]
    if alert.title is None:
        rows.append(("Posts", f"{alert.count:,}"))
    rows += [("Since", _moment(alert.opened_at, now)), ("Severity", alert.severity), ("Rule", alert.rule)]
    return element("dl", *(part for name, value in rows for part in (element("dt", name), element("dd", value))))


def _state(alert: Alert, now: dt.datetime) -> Element:
    words: list[Element | str] = [element("strong", alert.state)]
    by, at = {
        "open": (None, None),
        "acknowledged": (alert.acknowledged_by, alert.acknowledged_at),
        "resolved": (alert.resolved_by, alert.resolved_at),
    }[alert.state]
    if alert.state == "open":
        words.append(": nobody has acknowledged it")
    if by:
        words.append(f" by {by}")
    if at:
        words += [", ", _moment(at, now)]
    return element("span", *words)


def _button(kind: ActionKind, alert: Alert) -> Element:
    """An escalation tells which steps its page saw taken, so that two who escalate at once skip nobody."""
    name, means = _BUTTONS[kind]
    seen = [element("input", type="hidden", name="step", value=str(alert.step))] if kind == "escalate" else []
    return element(
        "form",
        *seen,
        element("button", name, type="submit", name="kind", value=kind, aria_describedby=f"means-{kind}"),
        element("p", means, id=f"means-{kind}"),
        method="post",
        action="?",  # this very page, wherever a proxy has put it
    )


def _link(words: str) -> Element:
    return element("p", element("a", words, href="?"))


def _moment(moment: dt.datetime, now: dt.datetime) -> Element:
    minutes = max(int((now - moment).total_seconds() // 60), 0)
    if minutes < 1:
        ago = "just now"
    elif minutes < 120:
        ago = f"{minutes} minute{'' if minutes == 1 else 's'} ago"
    else:
        ago = f"{minutes // 60:,} hours ago"
    utc = moment.astimezone(dt.UTC)
    return element("time", f"{ago} ({utc:%H:%M} UTC, {utc.day} {utc:%B})", datetime=utc.isoformat(timespec="seconds"))
