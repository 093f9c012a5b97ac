"""Posts over HTTP: `POST /posts` answers 2xx only after Kafka has acknowledged every good post of the request.

| answer | means |
|---|---|
| 200 | ``{"accepted": n, "rejected": [{"index", "reason", "detail"}]}``: the rest is durable |
| 400 | not JSON, or no post in it |
| 401 | the bearer token is missing or wrong |
| 408 | the body took too long |
| 413 | more than 4 MiB or 1,000 posts; nothing was taken |
| 415 | another content type, or a packed body |
| 422 | every post was rejected |
| 503 | Kafka did not acknowledge, or too many requests or connections at once: send it again after ``Retry-After`` seconds |

A post that is rejected goes to nobody's dead letters: its sender is told at once, with index and reason, and still has it.
After a 503 some of the posts may be there already; sending them again changes nothing.
"""
