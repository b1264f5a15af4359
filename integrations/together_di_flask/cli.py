"""`flask together`: the commands of `together-di` on the clients of the app."""

from __future__ import annotations

import argparse
import sys

import click
from flask.cli import FlaskGroup, with_appcontext

from together_di import TogetherError
from together_di.commands import COMMANDS, add_commands

from .clients import current_container

_GROUP = "together"


def together_group() -> click.Group:
    """The group, with a click command for each command, which hands its arguments over as they are."""
    group = click.Group(_GROUP, help="The Together clients of this app.")
    for name, command in COMMANDS.items():
        group.add_command(_handed_over(name, command.summary))
    return group


def says_what_is_wrong() -> bool:
    """Whether the app is made for `flask together`, which must not stop at what it is to explain."""
    context = click.get_current_context(silent=True)
    # To look a command up among those of the app, `flask` makes the app; for `run` and `shell` it does not.
    return context is not None and isinstance(context.command, FlaskGroup) and _GROUP in sys.argv[1:]


def _handed_over(name: str, summary: str) -> click.Command:
    @click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
    @with_appcontext
    def run(arguments: tuple[str, ...]) -> None:
        sys.exit(_run(name, *arguments))

    # argparse has the help of the arguments.
    settings = {"ignore_unknown_options": True}
    return click.command(name, help=summary, context_settings=settings, add_help_option=False)(run)


def _run(*arguments: str) -> int:
    parser = argparse.ArgumentParser(prog="flask together")
    add_commands(parser.add_subparsers())
    options = parser.parse_args(arguments)
    try:
        code: int = options.run_on_container(current_container(), options, sys.stdout)
    except TogetherError as error:
        raise click.ClickException(str(error)) from None
    return code
