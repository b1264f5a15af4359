"""`/v1/projects` and `/v1/billing/usage`: the one project, and a month in which it used a little every day."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from .account import ORGANIZATION_ID, PROJECT_ID
from .collection import cut, page
from .exchange import ApiError, Reply, Request, invalid, json_reply
from .routing import Route

if TYPE_CHECKING:
    from .collection import Entry

#: The month that costs are of where none is named; the emulator knows no date.
_MONTH = "2026-01"
_MOST_WINDOWS = 1000
_WINDOWS = {"day": timedelta(days=1), "hour": timedelta(hours=1)}
_TOKENS_AN_HOUR = 1000


def routes() -> list[Route]:
    """The routes of projects and costs."""
    return [Route("GET", "/v1/projects", list_projects), Route("GET", "/v1/billing/usage", list_costs)]


def list_projects(request: Request) -> Reply:
    """Return a page of the one project that every key of the emulator belongs to."""
    project: Entry = {
        "id": PROJECT_ID,
        "name": "Emulator",
        "slug": "emulator",
        "organization_id": ORGANIZATION_ID,
        "organization_name": "Emulator",
    }
    return page(request, [project])


def list_costs(request: Request) -> Reply:
    """Return a page of a month's days or hours."""
    organization = request.query.get("organization_id", ORGANIZATION_ID)
    if organization != ORGANIZATION_ID:
        message = f"The key does not belong to {organization!r}: leave `organization_id` out, or use {ORGANIZATION_ID}."
        raise ApiError(403, message, param="organization_id", code="forbidden")
    granularity = request.query.get("granularity", "day")
    if granularity not in _WINDOWS:
        raise invalid("granularity", f"`granularity` is {granularity!r}: use day or hour.")
    month = request.query.get("month", _MONTH)
    windows = _windows(month, _WINDOWS[granularity])
    shown, next_cursor = cut(request, windows, key="start_time", largest=_MOST_WINDOWS)
    return json_reply(
        {
            "object": "list",
            "organization_id": ORGANIZATION_ID,
            "billing_period": month,
            "currency": "USD",
            "earliest_window_start": windows[0]["start_time"],
            "latest_window_end": windows[-1]["end_time"],
            "data": shown,
            "next_cursor": next_cursor,
        }
    )


def _windows(month: str, length: timedelta) -> list[Entry]:
    if not re.fullmatch(r"20[0-9]{2}-(0[1-9]|1[0-2])", month):
        raise invalid("month", f"`month` is {month!r}: it has to be a year and a month, such as {_MONTH}.")
    year, number = map(int, month.split("-"))
    start = datetime(year, number, 1, tzinfo=UTC)
    windows: list[Entry] = []
    while start.month == number:
        windows.append(_window(start, start + length))
        start += length
    return windows


def _window(start: datetime, end: datetime) -> Entry:
    tokens = _TOKENS_AN_HOUR * int((end - start).total_seconds()) // 3600
    return {
        "date": f"{start:%Y-%m-%d}",
        "start_time": f"{start:%Y-%m-%dT%H:%M:%SZ}",
        "end_time": f"{end:%Y-%m-%dT%H:%M:%SZ}",
        "line_items": [
            {
                "product_name": "Serverless Inference - Input Tokens",
                "quantity": str(tokens),
                "unit_price": "0.000001",
                "cost": f"{tokens / 1_000_000:.6f}",
                "attributes": {"project_id": PROJECT_ID},
                "pricing_dimensions": {"model": "openai/gpt-oss-20b"},
                "applied_credit": {"type": "CREDIT"},
            }
        ],
    }
