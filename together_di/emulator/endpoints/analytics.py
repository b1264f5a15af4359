"""`/v2/projects/{project_id}/endpoints/{id}/analytics`: figures that follow from the time and nothing else."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from ..exchange import Reply, Request, invalid, json_reply
from ..generation import EPOCH
from .things import time_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..collection import Entry
    from . import Kinds

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_MOST_POINTS = 1000
#: Requests a second to an endpoint, and the tokens of one request.
_RATE, _TOKENS_IN, _TOKENS_OUT = 2.0, 100, 50
#: Milliseconds, for each percent of a percentile.
_LATENCIES = {"itl": 0.2, "latency": 10.0, "ttft": 2.0}


def analytics(all_kinds: Kinds, request: Request) -> Reply:
    """What an endpoint did in a time."""
    endpoint = str(all_kinds.endpoints.find(request)["id"])
    start, end = _range(request)
    entries = all_kinds.deployments.belonging_to({"endpoint_id": endpoint})
    wanted = request.query.get("deploymentId")
    if wanted:
        entries = [all_kinds.deployments.known(endpoint, wanted, "deploymentId")]
    shown = [all_kinds.deployments.shown(entry) for entry in entries]
    shares = {str(each["id"]): float(str(each["estimatedEffectiveTrafficShare"])) for each in shown}
    series = _series(request, start, end)
    within = {"endpointId": endpoint, "timeRange": {"startTime": start.isoformat(), "endTime": end.isoformat()}}
    seconds = (end - start).total_seconds()
    own = [{"deploymentId": name, **within, **_metrics(seconds, share)} for name, share in shares.items()]
    answer = {
        **within,
        "metrics": {**within, **_metrics(seconds, sum(shares.values())), "deploymentMetrics": own},
        "deploymentAnalytics": [
            {**within, "deploymentId": name, "metrics": metrics, **series(share)}
            for (name, share), metrics in zip(shares.items(), own, strict=True)
        ],
        **series(sum(shares.values())),
    }
    return json_reply(answer)


def _range(request: Request) -> tuple[datetime, datetime]:
    given_end, given_start = request.query.get("endTime"), request.query.get("startTime")
    end = time_of(given_end, "endTime") if given_end else datetime.fromtimestamp(EPOCH, UTC) + timedelta(days=1)
    start = time_of(given_start, "startTime") if given_start else end - timedelta(days=1)
    if start >= end:
        raise invalid("startTime", f"`startTime` is {start.isoformat()}: it has to be before {end.isoformat()}.")
    return start, end


def _series(request: Request, start: datetime, end: datetime) -> Callable[[float], Entry]:
    """Gives the samples for a share of the traffic, if they were asked for."""
    if request.query.get("includeTimeSeries") != "true":
        return lambda _share: {}
    given = request.query.get("granularity", "1d")
    found = re.fullmatch(r"([1-9][0-9]{0,5})([smhd])", given)
    if found is None:
        raise invalid("granularity", f"`granularity` is {given!r}: write a duration such as 1h.")
    step = timedelta(**{_UNITS[found[2]]: int(found[1])})
    count = -((start - end) // step)
    if count > _MOST_POINTS:
        raise invalid("granularity", f"`granularity` is {given!r}, which makes {count} points: use a longer one.")
    times = [(start + number * step).isoformat() for number in range(count)]
    return lambda share: {
        "timeSeries": [{"timestamp": time, "values": {"requests_per_second": _RATE * share}} for time in times]
    }


def _metrics(seconds: float, share: float) -> Entry:
    requests = int(seconds * _RATE * share)
    latencies = {
        f"{what}P{percentile}Ms": base * percentile for what, base in _LATENCIES.items() for percentile in (50, 90, 99)
    }
    return {
        "requestMetrics": {
            "totalRequests": str(requests),
            "successfulRequests": str(requests),
            "failedRequests": "0",
            "requestsPerSecond": _RATE * share,
            "requestsByStatusCode": {"200": str(requests)},
        },
        "tokenMetrics": {
            "avgInputTokens": float(_TOKENS_IN),
            "avgOutputTokens": float(_TOKENS_OUT),
            "totalInputTokens": str(requests * _TOKENS_IN),
            "totalOutputTokens": str(requests * _TOKENS_OUT),
        },
        "latencyMetrics": latencies,
        "throughputMetrics": {
            "avgBatchSize": 1.0,
            "requestsPerSecond": _RATE * share,
            "tokensPerSecond": _RATE * share * _TOKENS_OUT,
        },
        "errorMetrics": {"errorRate": 0.0, "errorsByType": {}},
        "resourceUtilization": {"gpuUtilization": 50.0 * share, "cpuUtilization": 10.0 * share},
    }
