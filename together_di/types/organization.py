"""Types of `client.organization`: https://docs.together.ai/reference."""

from datetime import datetime
from typing import Literal

from ._base import BaseModel

__all__ = ["BillingUsageCredit", "BillingUsageLineItem", "BillingUsageReport", "BillingUsageWindow"]


class BillingUsageCredit(BaseModel):
    """The credit that paid."""

    type: Literal["PREPAID", "POSTPAID", "CREDIT"]


class BillingUsageLineItem(BaseModel):
    """What one product cost; amounts in dollars, and all numbers as decimal text."""

    attributes: dict[str, str]
    cost: str
    pricing_dimensions: dict[str, str]
    product_name: str
    quantity: str
    unit_price: str
    applied_credit: BillingUsageCredit | None = None


class BillingUsageWindow(BaseModel):
    """What was used in a day or an hour, `end_time` excluded."""

    date: str
    end_time: datetime
    line_items: list[BillingUsageLineItem]
    start_time: datetime


class BillingUsageReport(BaseModel):
    """A page of a month's usage, as the API sends it."""

    billing_period: str
    currency: Literal["USD"]
    data: list[BillingUsageWindow]
    earliest_window_start: datetime | None = None
    latest_window_end: datetime | None = None
    next_cursor: str | None = None
    object: Literal["list"]
    organization_id: str
