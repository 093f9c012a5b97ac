"""No secret is ever shown, whatever it is and whichever setting it is the value of."""

from __future__ import annotations

from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from pipeline.settings import Settings

SECRETS = [
    name
    for name, field in Settings.model_fields.items()
    if SecretStr in (field.annotation, *get_args(field.annotation))
]


def test_there_are_secrets() -> None:
    assert {"kafka_password", "elasticsearch_password", "elasticsearch_api_key", "http_token"} <= set(SECRETS)


@pytest.mark.parametrize("name", SECRETS)
@given(text=st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20))
def test_no_secret_is_shown_by_settings(name: str, text: str) -> None:
    value = f"https://hunter2{text}" if name.endswith("_url") else f"hunter2{text}"
    secret: Any = {name: value}
    settings = Settings(**secret)
    shown = [repr(settings), str(settings), settings.model_dump_json(), str(settings.model_dump()), f"{settings}"]
    assert not [one for one in shown if "hunter2" in one]
    assert getattr(settings, name).get_secret_value() == value
