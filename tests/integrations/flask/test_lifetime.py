"""How long clients live, and how tests put others in their place."""

from __future__ import annotations

import gc
import subprocess
import sys
import threading

import pytest
from flask import Flask

from together_di import AsyncTogether, ConfigurationError, MissingAPIKeyError, Together
from together_di.testing import FakeTogether
from together_di_flask import FlaskSetupError, FlaskTogether, get_async_together, get_together

from ...core.support.http_server import PATIENCE, HTTPServer, answer
from .support import make_app

TWO = {"default": {"api_key": "key-of-the-default"}, "europe": {"api_key": "key-of-europe"}}


# Closing


def test_closing_the_current_app_closes_both_clients() -> None:
    together = FlaskTogether()
    with make_app(together).app_context():
        clients = together.client, together.async_client
        together.close()
    assert [client.is_closed() for client in clients] == [True, True]


def test_closing_an_app_leaves_the_other_open() -> None:
    together = FlaskTogether()
    apps = [make_app(together), make_app(together)]
    clients: list[Together] = []
    for app in apps:
        with app.app_context():
            clients.append(together.client)
    together.close(apps[0])
    assert [client.is_closed() for client in clients] == [True, False]


def test_closing_closes_the_clients_of_every_name() -> None:
    together = FlaskTogether()
    with make_app(together, TOGETHER=TWO).app_context():
        client = get_together("europe")
        together.close()
    assert client.is_closed()


def test_a_client_asked_for_after_closing_is_a_new_one() -> None:
    together = FlaskTogether()
    with make_app(together).app_context():
        client = together.client
        together.close()
        assert (together.client is client, together.client.is_closed()) == (False, False)


def test_closing_an_app_that_was_not_set_up_says_so() -> None:
    with pytest.raises(FlaskSetupError, match="init_app"):
        FlaskTogether().close(Flask("shop"))


def test_an_app_that_nobody_refers_to_is_closed() -> None:
    together = FlaskTogether()
    app = make_app(together)
    with app.app_context():
        client = together.client
    del app
    gc.collect()
    assert client.is_closed()


def test_a_client_that_cannot_be_closed_when_its_app_goes_is_logged(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> None:
        raise OSError("the socket is stuck")

    app = make_app()
    with app.app_context():
        monkeypatch.setattr(get_together(), "close", fail)
    del app
    gc.collect()
    assert "A client could not be closed: the socket is stuck" in caplog.text


PROGRAM = """
import sys
from flask import Flask
from together_di_flask import FlaskTogether, get_together

app = Flask("shop")
app.config["TOGETHER"] = {"api_key": "k", "base_url": sys.argv[1]}
FlaskTogether(app)
with app.app_context():
    get_together().files.list()
"""


def test_at_exit_the_connections_are_closed_and_nothing_is_said() -> None:
    with HTTPServer(answer({"data": []})) as server:
        command = [sys.executable, "-X", "dev", "-W", "error::ResourceWarning", "-c", PROGRAM, server.url]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
        server.wait_until_closed(1)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")


# Overrides


def test_an_override_takes_the_place_of_the_client_of_its_kind() -> None:
    together = FlaskTogether()
    with make_app(together).app_context(), Together(api_key="fake") as fake:
        with together.override(fake) as given:
            assert (given, together.client, get_together()) == (fake, fake, fake)
            assert type(together.async_client) is AsyncTogether
        assert together.client is not fake


def test_an_async_override_takes_the_place_of_the_async_client() -> None:
    together = FlaskTogether()
    fake = AsyncTogether(api_key="fake")
    with make_app(together).app_context(), together.override(fake):
        assert get_async_together() is fake
        assert type(together.client) is Together


def test_a_fake_with_an_async_client_takes_the_place_of_both() -> None:
    together, fake = FlaskTogether(), FakeTogether()
    with make_app(together).app_context():
        with together.override(fake):
            assert (together.client, together.async_client) == (fake, fake.async_client)
        assert (together.client is fake, together.async_client is fake.async_client) == (False, False)


def test_an_override_of_a_name_leaves_the_others() -> None:
    together = FlaskTogether()
    fake = Together(api_key="fake")
    with make_app(together, TOGETHER=TWO).app_context(), together.override(fake, alias="europe"):
        assert get_together("europe") is fake
        assert get_together().api_key == "key-of-the-default"


def test_the_inner_of_two_overrides_counts() -> None:
    together = FlaskTogether()
    outer, inner = Together(api_key="outer"), Together(api_key="inner")
    with make_app(together).app_context(), together.override(outer):
        with together.override(inner):
            assert together.client is inner
        assert together.client is outer


def test_an_app_made_inside_an_override_needs_no_key() -> None:
    together = FlaskTogether()
    fake = Together(api_key="fake")
    with together.override(fake), make_app(together, TOGETHER={}).app_context():
        assert together.client is fake


def test_in_an_app_made_inside_two_overrides_the_inner_counts() -> None:
    together, outer, inner = FlaskTogether(), Together(api_key="outer"), Together(api_key="inner")
    with together.override(outer), together.override(inner), make_app(together).app_context():
        assert together.client is inner


def test_an_app_made_inside_an_override_is_told_of_wrong_options() -> None:
    together = FlaskTogether()
    with together.override(Together(api_key="fake")), pytest.raises(ConfigurationError, match="did you mean 'timeout'"):
        make_app(together, TOGETHER={"timout": 3})


def test_after_the_override_the_app_that_was_made_inside_is_without_it() -> None:
    together = FlaskTogether()
    with Together(api_key="fake") as fake, together.override(fake):
        app = make_app(together, TOGETHER={})
    with app.app_context(), pytest.raises(MissingAPIKeyError):
        get_together()


def test_an_override_ends_when_the_test_fails() -> None:
    together = FlaskTogether()
    with make_app(together).app_context(), Together(api_key="fake") as fake:
        with pytest.raises(ZeroDivisionError), together.override(fake):
            raise ZeroDivisionError
        assert together.client is not fake


def test_an_override_counts_in_every_thread() -> None:
    together = FlaskTogether()
    app = make_app(together)
    seen: list[Together] = []

    def work() -> None:
        with app.app_context():
            seen.append(together.client)

    with Together(api_key="fake") as fake, together.override(fake):
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    assert seen == [fake]


def test_an_override_of_a_name_that_is_not_there_is_refused_and_changes_nothing() -> None:
    together = FlaskTogether()
    with make_app(together, TOGETHER=TWO).app_context(), Together(api_key="fake") as fake:
        with pytest.raises(ConfigurationError, match="did you mean 'europe'"), together.override(fake, alias="erope"):
            pass
        assert get_together("europe").api_key == "key-of-europe"


def test_closing_does_not_close_what_an_override_gives() -> None:
    together = FlaskTogether()
    with make_app(together).app_context(), Together(api_key="fake") as fake, together.override(fake):
        assert together.client is fake
        together.close()
        assert not fake.is_closed()
