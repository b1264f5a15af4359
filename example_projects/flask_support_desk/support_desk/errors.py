"""What the page is told when something fails: always `{"detail": "a sentence"}`."""

from __future__ import annotations

from flask import Flask, current_app, json, jsonify
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from together_di import APIError, APITimeoutError, RateLimitError


def init_app(app: Flask) -> None:
    """Have the app answer with JSON whatever goes wrong."""
    app.register_error_handler(HTTPException, _answer_http_error)
    app.register_error_handler(APIError, _answer_upstream_error)


def _answer_http_error(error: HTTPException) -> ResponseReturnValue:
    response = error.get_response()
    response.data = json.dumps({"detail": error.description})
    response.content_type = "application/json"
    return response


def _answer_upstream_error(error: APIError) -> ResponseReturnValue:
    """The visitor can only wait or come back; what it was is for the log."""
    current_app.logger.warning("Together AI: %s", error)
    if isinstance(error, RateLimitError):
        return jsonify(detail="Many people are asking at the moment."), 429
    if isinstance(error, APITimeoutError):
        return jsonify(detail="Thinking about the answer took too long."), 504
    return jsonify(detail="The support desk cannot answer at the moment."), 502
