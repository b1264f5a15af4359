"""The app."""

from django.apps import AppConfig


class DeskConfig(AppConfig):
    """What `"desk"` in `INSTALLED_APPS` stands for."""

    name = "desk"
