"""The route for probes."""

from __future__ import annotations

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from together_di.testing.plugin import SetOptions


def test_it_is_200_if_questions_can_be_answered(client: TestClient) -> None:
    assert client.get("/health").status_code == 200


def test_it_is_503_if_the_api_cannot_be_reached(app: FastAPI, together_settings: SetOptions) -> None:
    together_settings(api_key="key", base_url="http://127.0.0.1:1", max_retries=0)
    with TestClient(app) as client:
        assert client.get("/health").status_code == 503


def test_without_a_key_the_application_does_not_start(app: FastAPI) -> None:
    with pytest.raises(Exception, match="There is no Together API key"), TestClient(app):
        pass
