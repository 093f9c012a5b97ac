"""Where the link in a page leads: a plain page with three buttons. It works without JavaScript, and for screen readers.

| request | does |
|---|---|
| ``GET /a/TOKEN`` | shows the alert and its buttons. It changes nothing: previews and scanners follow links, too |
| ``POST /a/TOKEN`` | ``kind=acknowledge``, ``escalate`` or ``resolve``: recorded, then 303 to what became of it |
| ``GET /healthz`` | 200 while the view of `[alerts]` is caught up, else 503 |

| answer | means |
|---|---|
| 200 | the alert as it is now; one that is resolved has no buttons: the link is right, there is just nothing to do |
| 202 | recorded, and the page stage has not answered yet |
| 303 | recorded: see there |
| 400, 413, 415 | no form of ours |
| 404 | no such link. A forged one is told no more than that: 403 would say that there is something |
| 409 | this button was used before, or there is nothing left to do: nothing was recorded |
| 410 | the link's time is over, or its alert is kept no more |
| 429 | this one link is used too often |
| 503 | Kafka is away: nothing was recorded; try again, or call |

An escalation carries how many steps its page saw taken (``step=``). Where one more was taken since, that is 409, too: the
next in line has been paged, and whoever comes after is not to be paged in the same breath.

The link is the whole secret: there is no cookie and no sign-on, so no other site can make a browser act for somebody
(CSRF), and who passes a link on passes its power on. So it is in no log, in no referrer and in no cache; it expires, and
each button works once. Kafka may have an action twice; the page stage counts a token once.
"""
