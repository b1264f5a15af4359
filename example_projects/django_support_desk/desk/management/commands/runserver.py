"""`manage.py runserver`, with the database made or brought up to date."""

from django.contrib.staticfiles.management.commands import runserver
from django.core.management import call_command


class Command(runserver.Command):
    """Django's own, except that it does not only tell which migrations are missing."""

    def check_migrations(self) -> None:
        """Apply the migrations that have not been."""
        call_command("migrate", interactive=False)
