"""``flagpost settings``: every setting, its value and what it is for. Secrets are masked."""

from __future__ import annotations

import json

import click
from pydantic import SecretStr
from rich.console import Console
from rich.table import Table

from pipeline.settings import PREFIX, Settings, load_settings


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object instead of a table.")
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
    table = Table("Setting", "Value", "What it is", box=None, pad_edge=False)
    for name, field in Settings.model_fields.items():
        value = shown[name]
        table.add_row(f"{PREFIX}{name.upper()}", "–" if value is None else str(value), field.description or "")
    Console(markup=False).print(table)


def _shown(value: object) -> object:
    if isinstance(value, SecretStr):
        return "********"
    return value if value is None or isinstance(value, bool | int | float | dict) else str(value)
