"""What a test must not leave behind. Only pytest and the standard library are imported here."""

from __future__ import annotations

import functools
import gc
import sys
import weakref
from collections.abc import Callable, Generator
from contextlib import ExitStack
from typing import Any, NamedTuple

import pytest

#: Whether the test has failed: then it is not blamed for what it could not clean up. It is there once the test has run.
FAILED = pytest.StashKey[bool]()


class _Override(NamedTuple):
    provider: weakref.ref[Any]
    overriding: int  # the id, because the object itself would keep the provider alive

    def holds(self) -> Any:
        """The provider, if it is still overridden."""
        provider = self.provider()
        if provider is None or self.overriding not in map(id, provider.overridden):
            return None
        return provider


class Leaks:
    """Finds what is left over of what a test, or a fixture of its own, has made; it shows in no traceback.

    What fixtures of a wider scope make is theirs to undo. What nobody refers to any more is no leak: a container that
    only the test knew, or a client, which closes itself.
    """

    def __init__(self) -> None:
        self._scopes: list[str] = []
        self._overrides: list[_Override] = []
        self._clients: list[weakref.ref[Any]] = []
        self._patches = ExitStack()
        self._watches_overrides = False

    def stop(self) -> None:
        """Watch no longer."""
        self._patches.close()

    def watch_clients(self) -> None:
        """Watch what `Together(...)` and `AsyncTogether(...)` build; what containers build is theirs."""
        from ..client import _Client

        def remember(client: Any, _built: None) -> None:
            if client._engine.script is None:
                self._clients.append(weakref.ref(client))

        self._after(_Client, "__init__", remember)

    def _watch_overrides(self) -> None:
        # Containers are watched once somebody uses them: importing them takes long.
        module: Any = sys.modules.get("together_di.container")
        if module is None or self._watches_overrides:
            return
        self._watches_overrides = True

        def remember(provider: Any, _context: object) -> None:
            self._overrides.append(_Override(weakref.ref(provider), id(provider.last_overriding)))

        self._after(module.OnceProvider, "override", remember)

    def _find_overrides(self) -> None:
        # Of a test that is the first to import containers.
        if not self._watches_overrides and "together_di.container" in sys.modules:
            module: Any = sys.modules["together_di.container"]
            for provider in gc.get_objects():
                if isinstance(provider, module.OnceProvider) and provider.overridden:
                    self._overrides.append(_Override(weakref.ref(provider), id(provider.last_overriding)))

    def _after(self, owner: type, name: str, remember: Callable[[Any, Any], None]) -> None:
        """Have `remember` called after a method, if a test or a fixture of its own does it."""
        method = getattr(owner, name)

        @functools.wraps(method)
        def call(self_: Any, *args: Any, **options: Any) -> Any:
            result = method(self_, *args, **options)
            if self._scopes[-1:] == ["function"]:
                remember(self_, result)
            return result

        patch = pytest.MonkeyPatch()
        patch.setattr(owner, name, call)
        self._patches.callback(patch.undo)

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: pytest.FixtureDef[Any]) -> Generator[None, object, object]:
        """Know in whose name things are made."""
        __tracebackhide__ = True
        self._scopes.append(fixturedef.scope)
        try:
            return (yield)
        finally:
            self._scopes.pop()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, None, None]:
        """The same for the test itself."""
        __tracebackhide__ = True
        self._scopes.append("function")
        try:
            yield
            item.stash[FAILED] = False
        except BaseException:
            item.stash[FAILED] = True
            raise
        finally:
            self._scopes.pop()

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_setup(self) -> Generator[None, None, None]:
        """Begin anew."""
        __tracebackhide__ = True
        self._overrides.clear()
        self._clients.clear()
        self._watch_overrides()
        yield

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> Generator[None, None, None]:
        """Undo the overrides that are left, so that no other test meets them, and fail the test that left them."""
        __tracebackhide__ = True
        yield
        self._find_overrides()
        if not self._left():
            return
        # pytest itself lets go of these only after this.
        getattr(item, "funcargs", {}).clear()
        gc.collect()
        complaints = self._left()
        for override in reversed(self._overrides):
            if (provider := override.holds()) is not None:
                provider.reset_last_overriding()
        if complaints and not item.stash.get(FAILED, False):
            pytest.fail("\n".join(complaints), pytrace=False)

    def _left(self) -> list[str]:
        overridden = [provider for override in self._overrides if (provider := override.holds()) is not None]
        clients = [client for reference in self._clients if (client := reference()) is not None]
        return [
            f"The test left an override of {provider.provides.__name__.strip('_')!r} of a TogetherContainer in place "
            "(undone now). Write it as `with container.client.override(fake):`, or in a fixture that undoes it."
            for provider in overridden
        ] + [
            f"The test left {client!r} open. Write `with Together() as client:`, or close it."
            for client in clients
            if not client.is_closed()
        ]
