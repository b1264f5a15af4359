"""`manage.py together`: the commands of `together-di`, on the clients of this project."""

from __future__ import annotations

import argparse
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from together_di import TogetherError
from together_di.commands import add_commands
from together_di_django import get_container


class Command(BaseCommand):
    """`manage.py together config|check|models|chat`."""

    help = "Look at the Together clients of this project, and try them."
    # It is what says what is wrong with the configuration, so it must not stop at that.
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """Add a parser for each command."""
        commands: Any = parser.add_subparsers(metavar="COMMAND", required=True)
        add_commands(commands)

    def handle(self, *args: str, **options: Any) -> None:  # noqa: ARG002 - Django's signature
        """Run the command."""
        self.stdout.ending = ""  # the commands write a line in parts
        try:
            code: int = options["run_on_container"](get_container(), argparse.Namespace(**options), self.stdout)
        except TogetherError as error:
            raise CommandError(str(error)) from error
        if code:
            raise CommandError("Not everything is right: see above.", returncode=code)
