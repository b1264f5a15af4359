"""The pytest plugin: it is there in every session, and does nothing until it is asked for.

Fixtures: `fake_together`, `together_settings`, `together_emulator`. Marker:
`@pytest.mark.together(strict=True, cassette=True)`. Options: `--together-block-network`, `--together-record`. A test
that leaves an override of a `TogetherContainer` in place fails.
"""

from __future__ import annotations

import os
import re
from collections.abc import Generator, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast

import pytest

from .leaks import FAILED, Leaks

if TYPE_CHECKING:
    from ..emulator import EmulatorServer
    from .cassettes import Mode
    from .fake import FakeTogether

MARKER = (
    "together(strict=False, cassette=None): intercept every client of Together AI; strict=True refuses calls without "
    "an answer; cassette='calls.json' answers with recorded calls, cassette=True with those of a file of the test's own"
)

#: The cassettes that were recorded in this session.
RECORDED = pytest.StashKey[list[Path]]()
#: Whether a test's marker was read.
READ = pytest.StashKey[bool]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    group = parser.getgroup("together-di")
    group.addoption(
        "--together-block-network",
        action="store_true",
        help="Fail every call of a Together AI client that would leave this machine.",
    )
    group.addoption(
        "--together-record",
        choices=("none", "once", "all"),
        default="none",
        help="Have tests with a cassette reach the real API: 'once' where the file is missing (never where CI is set "
        "in the environment), 'all' to record every cassette anew.",
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
    config.stash[RECORDED] = []
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


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_call(item: pytest.Item) -> None:
    """Fail a test whose marker says what nobody heard."""
    marker = item.get_closest_marker("together")
    if marker is not None and marker.kwargs and not item.stash.get(READ, False):
        pytest.fail(
            f"Nothing has read the arguments of this test's marker {_written(marker)}: it was added after the test was "
            "collected, or another fixture fake_together stands in the place of the plugin's. Write the marker on the "
            "test, its class or module; or have the test, or the other fixture, take fake_together.",
            pytrace=False,
        )


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say what was recorded: it is to be looked at, and kept."""
    for path in config.stash[RECORDED]:
        terminalreporter.write_line(f"together-di recorded {path}")


def _options(item: pytest.Item) -> Mapping[str, Any]:
    """What the test's marker says."""
    marker = item.get_closest_marker("together")
    if marker is None:
        return {}
    if marker.args or marker.kwargs.keys() - {"strict", "cassette"}:
        form = "@pytest.mark.together(strict=True) or (cassette='calls.json')"
        raise pytest.UsageError(f"{item.nodeid}: write {form}, or both, and nothing else.")
    if marker.kwargs and _has_mixin(item):
        raise pytest.UsageError(
            f"{item.nodeid}: {_written(marker)} does not reach the fake of TogetherTestMixin. Write "
            "self.fake_together.script.refuse_unscripted = True in place of strict=True, and "
            "with together_di.testing.cassette('calls.json') in place of cassette=."
        )
    return marker.kwargs


def _written(marker: pytest.Mark) -> str:
    return f"together({', '.join(f'{name}={value!r}' for name, value in marker.kwargs.items())})"


def _has_mixin(item: pytest.Item) -> bool:
    from .unittest import TogetherTestMixin

    kind: object = getattr(item, "cls", None)
    return isinstance(kind, type) and issubclass(kind, TogetherTestMixin)


def _cassette(item: pytest.Item, named: str | os.PathLike[str] | bool) -> Path:
    """The file with a test's recorded calls."""
    folder = item.path.parent
    if not isinstance(named, bool):
        return folder / named
    name = re.sub(r"[^\w.\[\]-]+", "-", item.nodeid.partition("::")[2])
    return folder / "cassettes" / item.path.stem / f"{name}.json"


def _mode(config: pytest.Config) -> Mode:
    """What this session may record."""
    mode = cast("Mode", config.getoption("together_record"))
    if mode != "none" and hasattr(config, "workerinput"):
        raise pytest.UsageError("--together-record: workers would write over each other's files; add -n0.")
    return "none" if mode == "once" and os.environ.get("CI", "false") not in {"", "0", "false"} else mode


@pytest.fixture
def fake_together(request: pytest.FixtureRequest) -> Iterator[FakeTogether]:
    """A `FakeTogether` that answers every client of the process, whenever and by whomever it was built."""
    from .fake import FakeTogether
    from .interception import intercepted

    item = cast("pytest.Item", request.node)  # pyright: ignore[reportUnknownMemberType]
    options = _options(item)
    item.stash[READ] = True
    fake = FakeTogether(refuse_unscripted=bool(options.get("strict")))
    named = options.get("cassette")
    with _played(item, _cassette(item, named), fake) if named else intercepted(fake):
        yield fake
    # The code under test may have taken the refusal for one of the failures that it handles.
    if fake.script.refusals and not item.stash.get(FAILED, False):
        pytest.fail("\n".join(fake.script.refusals), pytrace=False)


@contextmanager
def _played(item: pytest.Item, path: Path, fake: FakeTogether) -> Generator[None]:
    """Answer from the cassette of a test, or record it if the test passes."""
    from .cassettes import inserted

    recorded = item.config.stash[RECORDED]
    if path in recorded:
        raise pytest.UsageError(f"{item.nodeid}: another test has just recorded {path}; give each its own.")
    with inserted(path, _mode(item.config), fake) as player:
        yield
    if item.stash.get(FAILED, True) or fake.script.refusals:
        return
    player.finish()
    if player.is_recording:
        recorded.append(path)


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
