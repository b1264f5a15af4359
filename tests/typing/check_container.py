"""What type checkers make of the container: never run, checked by mypy and pyright."""

from __future__ import annotations

from typing import assert_type

from dependency_injector import containers, providers

from together_di import AsyncTogether, Together, TogetherClient, TogetherContainer, TogetherSettings
from together_di.check import Health
from together_di.explain import Explanation


class Summariser:
    def __init__(self, client: Together) -> None:
        self.client = client


class App(containers.DeclarativeContainer):
    config = providers.Configuration()
    together = providers.Container(TogetherContainer, config=config.together)
    # dependency-injector types what stands behind a nested container as unknown.
    summariser = providers.Factory(Summariser, client=together.client)  # pyright: ignore[reportUnknownMemberType]


async def provided() -> None:
    container = TogetherContainer(config={"api_key": "k"})
    assert_type(container.client(), Together)
    assert_type(container.async_client(), AsyncTogether)
    assert_type(container.settings(), TogetherSettings)
    assert_type(container.client_config(), TogetherClient)
    assert_type(App().summariser(), Summariser)
    assert_type(container.named("eu").client(), Together)
    assert_type(container.names, tuple[str, ...])
    assert_type(container.explain(), Explanation)
    assert_type(container.explain()["timeout"].source, str)
    assert_type(container.ping(), Health)
    assert_type(await container.aping(), Health)
    assert_type(container.refresh(), None)
    container.close()
    await container.aclose()
