"""The `flagpost` command: the index of its subcommands, each in the module of this folder that is named here."""

from __future__ import annotations

import errno
import importlib
import os
import sys
from collections.abc import Sequence

import click

from pipeline.errors import FlagpostError
from pipeline.settings import unknown_settings

# name → (module.attribute, one line for `flagpost --help`); the order is the order of the help.
COMMANDS: dict[str, tuple[str, str]] = {
    "local": ("deploy.local.command:local", "Run a real Kafka and Elasticsearch on this machine."),
    "doctor": ("deploy.doctor:doctor", "Say what is wrong with this machine and what to do."),
    "setup": ("pipeline.cli.setup:setup", "Create topics, templates and the index on the cluster."),
    "worker": ("pipeline.cli.worker:worker", "Run stages as supervised processes."),
    "ingest": ("pipeline.cli.ingest:ingest", "Send posts from JSONL or CSV files to Kafka."),
    "ingest-http": ("pipeline.cli.ingest_http:ingest_http", "Take posts over HTTP and send them to Kafka."),
    "classify": ("pipeline.cli.classify:classify", "Judge posts from a file, without Kafka."),
    "evaluate": ("pipeline.cli.evaluate:evaluate", "Say how good the model is on your own labelled posts."),
    "compare": ("pipeline.cli.compare:compare", "Say which of two models is better on labelled posts."),
    "probe": ("pipeline.cli.probe:probe", "Say what the model makes of posts without labels."),
    "models": ("pipeline.cli.models:models", "List, show and verify released models."),
    "search": ("pipeline.cli.search:search", "Search the flagged items."),
    "export": ("pipeline.cli.export:export", "Write the flagged items that match to a CSV or JSONL file."),
    "review": ("pipeline.cli.review:review", "Decide what an item is; show and export decisions."),
    "rules": ("pipeline.cli.rules:rules", "Check the alert rules, and try them on posts."),
    "alerts": ("pipeline.cli.alerts:alerts", "Show alerts; acknowledge, escalate and resolve them."),
    "audit": ("pipeline.cli.audit:audit", "Show who searched, looked at, exported or decided what."),
    "retain": ("pipeline.cli.retain:retain", "Delete what has been kept for long enough."),
    "hold": ("pipeline.cli.hold:hold", "Exempt an item from being deleted or forgotten."),
    "forget": ("pipeline.cli.forget:forget", "Take away what an author, or one post, has left anywhere."),
    "status": ("pipeline.cli.status:status", "Show topics, lag, index, dead letters and workers."),
    "dead-letters": ("pipeline.cli.dead_letters:dead_letters", "List, show and replay what could not be used."),
    "settings": ("pipeline.cli.settings:settings", "Print every setting and where it is explained."),
    "demo": ("deploy.demo.command:demo", "Run one eventful Saturday through the whole pipeline."),
}


class _LazyGroup(click.Group):
    """Imports a subcommand only when it runs, so that `flagpost --help` is quick and `search` needs no model."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--debug", is_flag=True, help="Show tracebacks.")
@click.version_option(package_name="flagpost")
def cli(debug: bool) -> None:
    """Finds the posts that matter in a police force's stream of public posts."""
    for sentence in unknown_settings():
        click.echo(f"Warning: {sentence}", err=True)


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs the command; a user sees one sentence with what to do next, never a traceback unless ``--debug``."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in arguments
    try:
        code = cli.main(args=arguments, prog_name="flagpost", standalone_mode=False)
        sys.stdout.flush()
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("Interrupted.", err=True)
        code = 130
    except BrokenPipeError:
        # Whoever read our output has gone (`flagpost search … | head`): not our error. The interpreter must not
        # complain either when it flushes stdout at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 141
    except FlagpostError as error:
        if debug:
            raise
        say(error)
        code = error.exit_code
    except OSError as error:
        if debug:
            raise
        say(_of_the_system(error))
        code = 74
    except Exception as error:
        if debug:
            raise
        click.echo(f"Error: something unexpected happened ({type(error).__name__}).", err=True)
        click.echo("Run the same command with `flagpost --debug …` to see where.", err=True)
        code = 70
    sys.exit(code if isinstance(code, int) else 0)


def _of_the_system(error: OSError) -> FlagpostError:
    """What the operating system refused, as a sentence: a full disk, a missing right, too many open files …"""
    where = f": {error.filename}" if error.filename else ""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        # What can't be written now must not be tried again when the interpreter flushes stdout at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FlagpostError(
            f"There is no space left on the disk{where}.", "Make room, then run the same command again."
        )
    return FlagpostError(
        f"The system refused: {error.strerror or type(error).__name__}{where}.", "See --debug for where."
    )


def say(error: FlagpostError) -> None:
    """Prints an error as users see it: what is wrong, then what to do next."""
    click.echo(f"Error: {error.message}", err=True)
    if error.hint:
        click.echo(error.hint, err=True)
