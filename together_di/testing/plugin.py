"""The pytest plugin: it is there in every session, and does nothing until it is asked for.

Fixtures: `fake_together`, `together_settings`, `together_emulator`. Marker: `@pytest.mark.together(strict=True)`.
Option: `--together-block-network`. A test that leaves an override of a `TogetherContainer` in place fails.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Protocol, cast

import pytest

from .leaks import FAILED, Leaks

if TYPE_CHECKING:
    from ..emulator import EmulatorServer
    from .fake import FakeTogether

MARKER = "together(strict=False): intercept every client of Together AI; strict=True refuses calls without an answer"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    parser.getgroup("together-di").addoption(
        "--together-block-network",
        action="store_true",
        help="Fail every call of a Together AI client that would leave this machine.",
    )
    parser.addini(
        "together_unclosed_clients",
        "Fail a test that builds a Together AI client, keeps it and does not close it.",
        type="bool",
        default=False,
    )


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marker, and begin what lasts as long as the session."""
    config.addinivalue_line("markers", MARKER)
    stack = ExitStack()
    config.add_cleanup(stack.close)
    leaks = Leaks()
    stack.callback(leaks.stop)
    config.pluginmanager.register(leaks, "together-di-leaks")
    if config.getini("together_unclosed_clients"):
        leaks.watch_clients()
    if config.getoption("together_block_network"):
        from .interception import network_blocked

        stack.enter_context(network_blocked())


def pytest_itemcollected(item: pytest.Item) -> None:
    """The marker brings the fixture, before all others: an app that they build may need no key by then."""
    names: list[str] | None = getattr(item, "fixturenames", None)
    if names is not None and "fake_together" not in names and item.get_closest_marker("together"):
        names.insert(0, "fake_together")


def _is_strict(item: pytest.Item) -> bool:
    marker = item.get_closest_marker("together")
    if marker is None:
        return False
    if marker.args or marker.kwargs.keys() - {"strict"}:
        raise pytest.UsageError(f"{item.nodeid}: write @pytest.mark.together(strict=True), and nothing else.")
    return bool(marker.kwargs.get("strict"))


@pytest.fixture
def fake_together(request: pytest.FixtureRequest) -> Iterator[FakeTogether]:
    """A `FakeTogether` that answers every client of the process, whenever and by whomever it was built."""
    from .fake import FakeTogether
    from .interception import intercepted

    item = cast("pytest.Item", request.node)  # pyright: ignore[reportUnknownMemberType]
    with intercepted(FakeTogether(refuse_unscripted=_is_strict(item))) as fake:
        yield fake
    # The code under test may have taken the refusal for one of the failures that it handles.
    if fake.script.refusals and not item.stash.get(FAILED, False):
        pytest.fail("\n".join(fake.script.refusals), pytrace=False)


class SetOptions(Protocol):
    """What `together_settings` is."""

    def __call__(self, **options: object) -> None:
        """Set options of the clients that are built from now on in this test."""
        ...


@pytest.fixture
def together_settings(monkeypatch: pytest.MonkeyPatch) -> SetOptions:
    """Sets options as the environment does: `together_settings(timeout=3, max_retries=0)`.

    What the program or the settings of its framework say wins over it, as over the environment.
    """
    from .._text import near_miss
    from ..options import OPTIONS

    known = {name: variables[0] for name, option in OPTIONS.items() if (variables := option.variables("default"))}

    def set_options(**options: object) -> None:
        for name, value in options.items():
            if name not in known:
                raise TypeError(f"together_settings cannot set {name!r}{near_miss(name, known)}.")
            monkeypatch.setenv(known[name], _text(value))

    return set_options


def _text(value: Any) -> str:
    """`value` as it stands in the environment."""
    if isinstance(value, Mapping):
        return "\n".join(f"{name}: {text}" for name, text in cast("Mapping[str, str]", value).items())
    return ",".join(cast("list[str]", value)) if isinstance(value, list) else str(value)


@pytest.fixture
def together_emulator() -> Iterator[EmulatorServer]:
    """The emulator as a server on this machine, with nothing in it: `together_emulator.url` is its base URL."""
    from ..emulator import EmulatorServer

    with EmulatorServer() as server:
        yield server
