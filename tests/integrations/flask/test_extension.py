"""`FlaskTogether`: setting up, the clients of the current app, and what is said of mistakes."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from flask import Flask

from together_di import AsyncTogether, ConfigurationError, MissingAPIKeyError, Together
from together_di_flask import FlaskSetupError, FlaskTogether, get_async_together, get_together

from ...core.support.sides import KEY
from .support import EMBEDDED, make_app

TWO = {"default": {"api_key": "key-of-the-default"}, "europe": {"api_key": "key-of-europe"}}


# The clients of the current app


def test_the_properties_and_the_functions_give_the_same_clients() -> None:
    together = FlaskTogether()
    with make_app(together).app_context():
        assert together.client is get_together()
        assert together.async_client is get_async_together()
        assert (type(together.client), type(together.async_client)) == (Together, AsyncTogether)


def test_an_extension_made_with_its_app_is_set_up() -> None:
    app = Flask("shop")
    app.config["TOGETHER"] = EMBEDDED
    together = FlaskTogether(app)
    with app.app_context():
        assert together.client is get_together()


def test_one_extension_serves_two_apps() -> None:
    together = FlaskTogether()
    first, second = (make_app(together, TOGETHER={"api_key": key}) for key in ("first-key", "second-key"))
    with first.app_context():
        assert together.client.api_key == "first-key"
        with second.app_context():
            assert together.client.api_key == "second-key"
        assert together.client.api_key == "first-key"


def test_an_app_may_have_several_clients() -> None:
    with make_app(TOGETHER=TWO).app_context():
        assert get_together().api_key == "key-of-the-default"
        assert get_together("europe").api_key == "key-of-europe"
        assert get_async_together("europe").api_key == "key-of-europe"


def test_the_clients_of_a_name_may_be_taken_before_there_is_an_app() -> None:
    together = FlaskTogether()
    eu = together.named("europe")
    with make_app(together, TOGETHER=TWO).app_context():
        assert eu.client is get_together("europe")
        assert eu.async_client is get_async_together("europe")


def test_a_name_that_is_not_there_is_told_with_the_nearest() -> None:
    with make_app(TOGETHER=TWO).app_context(), pytest.raises(ConfigurationError, match="did you mean 'europe'"):
        get_together("erope")


def test_the_state_is_in_the_extensions_of_the_app() -> None:
    app = make_app()
    with app.app_context():
        assert app.extensions["together_di"].client() is get_together()


def test_the_shell_knows_the_extension() -> None:
    together = FlaskTogether()
    app = make_app(together)
    with app.app_context():
        assert app.make_shell_context()["together"] is together


def test_a_check_of_the_api_tells_whether_it_answers() -> None:
    together = FlaskTogether()
    with make_app(together, TOGETHER=EMBEDDED).app_context():
        assert together.ping().ok


def test_an_explanation_says_where_an_option_stands() -> None:
    together = FlaskTogether()
    with make_app(together, TOGETHER={"API_KEY": KEY, "TIMEOUT": 7}).app_context():
        assert together.explain()["timeout"].source == 'app.config["TOGETHER"]["TIMEOUT"]'


# Mistakes


def test_a_second_set_up_names_both_likely_mistakes() -> None:
    together = FlaskTogether()
    app = make_app(together)
    with pytest.raises(FlaskSetupError, match=r"both `FlaskTogether\(app\)` and .* or a FlaskTogether for each client"):
        together.init_app(app)


def test_a_second_extension_on_an_app_is_refused() -> None:
    with pytest.raises(FlaskSetupError, match="'shop' is set up already"):
        FlaskTogether(make_app())


def test_an_app_that_was_not_set_up_is_told_by_its_name() -> None:
    with Flask("shop").app_context(), pytest.raises(FlaskSetupError, match=r"'shop' .* `together.init_app\(app\)`"):
        get_together()


@pytest.mark.parametrize("ask", [get_together, get_async_together])
def test_outside_an_app_context_the_message_says_where_to_ask(ask: Any) -> None:
    with pytest.raises(FlaskSetupError, match=r"There is no current app.*with app\.app_context\(\):"):
        ask()


def test_a_thread_of_its_own_needs_a_context_of_its_own() -> None:
    caught: list[Exception] = []

    def work() -> None:
        try:
            get_together()
        except FlaskSetupError as error:
            caught.append(error)

    with make_app().app_context():
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    assert "thread" in str(caught[0])


@pytest.mark.parametrize("set_up", [FlaskTogether, lambda app: FlaskTogether().init_app(app)])
def test_what_is_no_app_is_refused(set_up: Any) -> None:
    with pytest.raises(TypeError, match="take the Flask app, not a str"):
        set_up(KEY)


def test_an_option_given_to_the_extension_is_refused_with_where_it_belongs() -> None:
    make: Any = FlaskTogether
    with pytest.raises(TypeError, match=r'but got timeout\. Write them into app\.config\["TOGETHER"\]'):
        make(timeout=3)


# Failing at once


def test_a_missing_key_is_told_at_the_set_up() -> None:
    with pytest.raises(MissingAPIKeyError, match=r'1\. app\.config\["TOGETHER"\]\["api_key"\]'):
        make_app(TOGETHER={})


def test_a_missing_key_of_one_of_several_clients_is_told_at_the_set_up() -> None:
    with pytest.raises(MissingAPIKeyError, match="TOGETHER_EU_API_KEY"):
        make_app(TOGETHER={"default": {"api_key": KEY}, "eu": {}})


def test_the_embedded_transport_needs_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOGETHER_TRANSPORT", "embedded")
    with make_app(TOGETHER={}).app_context():
        assert get_together().embeddings.create(model="m", input="Hi").data


def test_after_a_set_up_that_failed_the_app_can_be_set_up() -> None:
    together, app = FlaskTogether(), Flask("shop")
    with pytest.raises(MissingAPIKeyError):
        together.init_app(app)
    app.config["TOGETHER"] = EMBEDDED
    together.init_app(app)
    with app.app_context():
        assert together.client


def test_no_secret_store_is_asked_at_the_set_up() -> None:
    asked: list[str] = []

    def key() -> str:
        asked.append("asked")
        return KEY

    with make_app(TOGETHER={"api_key": key}).app_context():
        assert asked == []
        assert get_together().api_key == KEY


@pytest.mark.parametrize("config", [{"timout": 3}, {"default": {"api_key": KEY, "timout": 3}}])
def test_no_key_stands_in_an_error(config: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError) as caught:
        make_app(TOGETHER={"api_key": KEY, **config} if "default" not in config else config)
    assert "did you mean 'timeout'" in str(caught.value)
    assert KEY not in str(caught.value)


def test_a_failing_view_does_not_log_the_key(caplog: pytest.LogCaptureFixture) -> None:
    together = FlaskTogether()
    app = make_app(together, TOGETHER={"api_key": KEY, "base_url": "http://127.0.0.1:9", "max_retries": 0})

    @app.get("/")
    def view() -> str:
        together.client.files.list()
        return ""

    assert app.test_client().get("/").status_code == 500
    assert "APIConnectionError" in caplog.text
    assert KEY not in caplog.text + repr(together) + repr(app.extensions)
