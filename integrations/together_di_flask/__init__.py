"""Together AI in Flask: one client for each app, set up from `app.config`, closed at exit.

>>> from flask import Flask
>>> from together_di_flask import FlaskTogether
>>> together = FlaskTogether()
>>> app = Flask("shop")
>>> app.config["TOGETHER"] = {"transport": "embedded"}  # {"api_key": ...} for the real API
>>> together.init_app(app)
>>> with app.app_context():
...     together.client.embeddings.create(model="m", input=["a", "b"]).data[1].index
1
"""

try:
    import flask as flask
except ModuleNotFoundError as error:
    if error.name != "flask":
        raise
    raise ImportError('together_di_flask needs Flask: pip install "together-di[flask]"') from error

from .clients import AppClients, FlaskSetupError, get_async_together, get_together
from .extension import FlaskTogether
from .streaming import sse

__all__ = ["AppClients", "FlaskSetupError", "FlaskTogether", "get_async_together", "get_together", "sse"]
