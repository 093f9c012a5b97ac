"""``flagpost settings``: every setting, its value and what it is for. Secrets are masked."""

from __future__ import annotations

import json

import click
from pydantic import SecretStr

from pipeline.settings import PREFIX, Settings, load_settings


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object.")
def settings(as_json: bool) -> None:
    """Print every setting with its value; secrets are masked.

    A setting comes from the environment, from .env or from flagpost.toml, in that order. A secret may come from a file:
    FLAGPOST_…_FILE names it.
    """
    current = load_settings()
    shown = {name: _shown(getattr(current, name)) for name in Settings.model_fields}
    if as_json:
        click.echo(json.dumps({f"{PREFIX}{name.upper()}": value for name, value in shown.items()}, indent=2))
        return
    for name, field in Settings.model_fields.items():
        value = shown[name]
        click.echo(f"{PREFIX}{name.upper()}={'' if value is None else value}")
        click.echo(click.style(f"    {field.description or name.replace('_', ' ')}", dim=True))


def _shown(value: object) -> object:
    if isinstance(value, SecretStr):
        return "********"
    return value if value is None or isinstance(value, bool | int | float | dict) else str(value)
