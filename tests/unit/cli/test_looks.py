"""Which commands show what posts say, and so stand on record: whoever adds a command decides that here."""

from __future__ import annotations

from collections.abc import Iterator

import click
import pytest

from pipeline.cli import COMMANDS, cli

LOOKS = {
    "search",
    "export",
    "review show",
    "review export",
    "alerts list",
    "alerts show",
    "alerts watch",
    "dead-letters show",
    "dead-letters replay",
    "audit",
    "hold add",
    "hold release",
    "hold show",
    "forget",
}
"""They ask what for, and the line is written before anything is shown, or done."""

NO_LOOKS = {
    # Files of the user's own, this machine, or numbers
    "local up", "local down", "local status", "local logs", "doctor", "setup", "classify", "evaluate", "compare", "probe",
    "models list", "models show", "models verify", "rules check", "rules try", "status", "settings", "demo",
    # What comes in, and who works
    "ingest", "ingest-http", "worker",
    # Acts that are on record by themselves: the stages write their lines
    "review decide", "alerts ack", "alerts escalate", "alerts resolve", "alerts test", "alerts serve", "retain",
    # Nothing that a post says
    "dead-letters list", "hold list", "hold restore",
}  # fmt: skip


def commands(group: click.Command, name: str) -> Iterator[tuple[str, click.Command]]:
    if isinstance(group, click.Group) and group.commands:
        for inner, command in group.commands.items():
            yield from commands(command, f"{name} {inner}")
    else:
        yield name, group


EVERY = dict(
    pair
    for name in COMMANDS
    if (found := cli.get_command(click.Context(cli), name)) is not None
    for pair in commands(found, name)
)


def test_of_every_command_it_is_decided_whether_it_is_a_look() -> None:
    assert not LOOKS & NO_LOOKS
    assert set(EVERY) == LOOKS | NO_LOOKS, "say whether it shows what posts say"


@pytest.mark.parametrize("name", sorted(LOOKS))
def test_a_look_asks_what_for(name: str) -> None:
    assert "why" in {parameter.name for parameter in EVERY[name].params}
