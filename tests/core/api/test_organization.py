"""Projects and costs, against the emulator."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from itertools import pairwise

import pytest

from together_di import AsyncTogether, BadRequestError, PermissionDeniedError, Together


@pytest.fixture
def client() -> Iterator[Together]:
    with Together(api_key="key-for-tests", transport="embedded", strict=True) as client:
        yield client


def test_the_project_of_the_key_is_listed(client: Together) -> None:
    projects = list(client.projects.list(limit=1))
    assert [(project.id, project.organization_id) for project in projects] == [("proj-emulator", "org-emulator")]


def test_a_month_has_a_window_for_each_day(client: Together) -> None:
    windows = list(client.organization.usage.costs.list(month="2024-02", limit=10))
    assert [window.date for window in windows] == [f"2024-02-{day:02}" for day in range(1, 30)]
    assert all(before.end_time == after.start_time for before, after in pairwise(windows))


def test_hours_cost_as_much_as_the_day_they_make_up(client: Together) -> None:
    costs = client.organization.usage.costs
    hours = [window for window in costs.list(granularity="hour", limit=1000) if window.date == "2026-01-05"]
    day = next(window for window in costs.list() if window.date == "2026-01-05")
    assert len(hours) == 24
    assert sum(float(hour.line_items[0].cost) for hour in hours) == pytest.approx(float(day.line_items[0].cost))


def test_another_organization_is_refused(client: Together) -> None:
    with pytest.raises(PermissionDeniedError):
        client.organization.usage.costs.list(organization_id="org-of-another")


def test_a_month_that_is_none_is_refused(client: Together) -> None:
    with pytest.raises(BadRequestError) as caught:
        client.organization.usage.costs.list(month="January")
    assert caught.value.param == "month"


def test_the_async_client_reads_pages_too() -> None:
    async def story() -> None:
        async with AsyncTogether(api_key="key-for-tests", transport="embedded", strict=True) as client:
            dates = [window.date async for window in client.organization.usage.costs.list(limit=20)]
            assert (len(dates), dates[0]) == (31, "2026-01-01")

    asyncio.run(story())
