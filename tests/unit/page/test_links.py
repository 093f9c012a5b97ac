from __future__ import annotations

import datetime as dt

import pytest
from pydantic import SecretStr

from pipeline.errors import InvalidSettings
from pipeline.page.links import PATH, SKEW, LinkClaim, LinkExpired, LinkInvalid, Links
from pipeline.settings import Settings
from tests.doubles.manual_clock import START

pytestmark = pytest.mark.usefixtures("no_settings_files")

SECRET = "k" * 32
URL = "https://alerts.example.police.uk"
ALERT = "abcdefghijkl2345"
PAGE = f"msg_{ALERT}.1"
CLAIM = LinkClaim(alert=ALERT, recipient="duty-inspector", page=PAGE)


def links(secret: str = SECRET, namespace: str = "", hours: float = 12) -> Links:
    return Links(URL, secret, namespace, hours)


def token(made_by: Links, at: dt.datetime = START) -> str:
    return made_by.url(ALERT, "duty-inspector", PAGE, at).removeprefix(URL + PATH)


def test_a_link_says_what_it_was_made_of() -> None:
    assert links().read(token(links()), START) == CLAIM


def test_a_link_is_one_word_that_fits_an_sms_and_needs_no_escaping() -> None:
    url = links().url(ALERT, "duty-inspector", PAGE, START)
    assert len(url) < 160
    assert set(url) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._:/"), url


def test_a_link_works_until_its_hours_are_over() -> None:
    made = token(links(hours=2))
    almost = START + dt.timedelta(hours=2, seconds=-1)
    assert links(hours=2).read(made, almost) == CLAIM
    with pytest.raises(LinkExpired):
        links(hours=2).read(made, almost + dt.timedelta(seconds=1))


def test_clocks_may_differ_a_little_and_no_more() -> None:
    assert links().read(token(links(), START + SKEW), START) == CLAIM
    with pytest.raises(LinkInvalid):
        links().read(token(links(), START + SKEW + dt.timedelta(seconds=1)), START)


@pytest.mark.parametrize("other", [links(secret="x" * 32), links(namespace="test")], ids=["key", "namespace"])
def test_another_installations_link_opens_nothing(other: Links) -> None:
    with pytest.raises(LinkInvalid):
        links().read(token(other), START)


def test_no_character_of_a_link_can_be_changed() -> None:
    made = token(links())
    for place in range(len(made)):
        for other in "aB3.:":
            # The last character of a signature carries bits that say nothing.
            changed = made[:place] + other + made[place + 1 :]
            if changed == made or place == len(made) - 1:
                continue
            with pytest.raises(LinkInvalid):
                links().read(changed, START)


@pytest.mark.parametrize("text", ["", ".", "a", "a.b", "a.b.c", ":::", "\ud800", "é" * 50, "a" * 100_000, "\0.\0.\0"])
def test_what_is_no_link_is_only_that(text: str) -> None:
    with pytest.raises(LinkInvalid):
        links().read(text, START)


def test_a_link_that_lies_below_another_path_keeps_it() -> None:
    made = Links(f"{URL}/flagpost/", SECRET).url(ALERT, "duty-inspector", PAGE, START)
    assert made.startswith(f"{URL}/flagpost/a/{ALERT}")


def test_each_button_of_each_page_is_one_use_whatever_the_hour_of_its_link() -> None:
    later = links().read(token(links(), START + dt.timedelta(hours=1)), START + dt.timedelta(hours=1))
    assert later.token("resolve") == CLAIM.token("resolve")
    other = LinkClaim(alert=ALERT, recipient="duty-inspector", page=f"msg_{ALERT}.2")
    tokens = {claim.token(kind) for claim in (CLAIM, other) for kind in ("acknowledge", "escalate", "resolve")}
    assert len(tokens) == 6


# Settings


def test_without_an_address_pages_have_no_links() -> None:
    assert Links.of(Settings(links_secret=SecretStr(SECRET))) is None


def test_settings_make_links() -> None:
    settings = Settings(links_url=URL, links_secret=SecretStr(SECRET), namespace="test", links_hours=1)
    made = Links.of(settings)
    assert made is not None
    assert links(namespace="test").read(token(made), START) == CLAIM
    with pytest.raises(LinkExpired):
        made.read(token(made), START + dt.timedelta(hours=1))


@pytest.mark.parametrize("secret", [None, "", "k" * 31])
def test_a_key_that_is_missing_or_short_is_said_and_not_shown(secret: str | None) -> None:
    with pytest.raises(InvalidSettings) as caught:
        Links.of(Settings(links_url=URL, links_secret=SecretStr(secret) if secret is not None else None))
    assert "FLAGPOST_LINKS_SECRET" in caught.value.hint
    assert "kkk" not in caught.value.message + caught.value.hint


@pytest.mark.parametrize(
    "url", ["alerts.example", "ftp://alerts.example", "https://", "https://a.example/?x=1", "https://a.example/#x"]
)
def test_what_no_link_can_begin_with_is_said(url: str) -> None:
    with pytest.raises(InvalidSettings, match="FLAGPOST_LINKS_URL"):
        Links.of(Settings(links_url=url, links_secret=SecretStr(SECRET)))


def test_a_password_in_the_address_is_refused_and_not_shown() -> None:
    with pytest.raises(InvalidSettings) as caught:
        Links.of(Settings(links_url="https://me:hunter2@a.example", links_secret=SecretStr(SECRET)))
    assert "hunter2" not in caught.value.message + caught.value.hint


def test_in_production_links_are_encrypted(monkeypatch: pytest.MonkeyPatch) -> None:
    def made(url: str, production: bool) -> Links | None:
        settings = Settings(
            links_url=url,
            links_secret=SecretStr(SECRET),
            production=production,
            kafka_security_protocol="SASL_SSL",
        )
        return Links.of(settings)

    assert made("http://10.0.0.1:8089", production=False)
    assert made(URL, production=True)
    with pytest.raises(InvalidSettings, match="plain text"):
        made("http://10.0.0.1:8089", production=True)
