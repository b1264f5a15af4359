"""The extensions; `create_app` sets them up."""

from together_di_flask import FlaskTogether

together = FlaskTogether()
