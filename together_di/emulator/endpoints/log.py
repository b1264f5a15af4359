"""What happened to endpoints and their deployments."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..collection import cut
from ..exchange import invalid, json_reply
from .things import moment, time_of

if TYPE_CHECKING:
    from threading import Lock

    from ..collection import Entries, Entry
    from ..exchange import Reply, Request

_LEVELS = ("LEVEL_DEBUG", "LEVEL_INFO", "LEVEL_WARN", "LEVEL_ERROR")
_LARGEST_PAGE = 10_000


class Log:
    """The events of all endpoints."""

    def __init__(self, lock: Lock) -> None:
        self._lock = lock
        self._events: Entries = []

    def record(self, request: Request, kind: str, what: str, entry: Entry, **details: object) -> None:
        """Keep that something happened to a thing."""
        deployment = entry["id"] if kind == "deployment" else request.path_values.get("deployment_id")
        event: Entry = {
            "createdAt": moment(request),
            "endpointId": entry["id"] if kind == "endpoint" else request.path_values["endpoint_id"],
            "level": "LEVEL_INFO",
            "source": "emulator",
            "sourceKind": "SOURCE_KIND_DEPLOYMENT" if deployment else "SOURCE_KIND_ENDPOINT",
            "type": f"{kind.replace(' ', '_')}.{what}",
            "subjectId": entry["id"],
            **details,
        }
        event |= {"deploymentId": deployment} if deployment else {}
        event |= {"name": entry["name"]} if "name" in entry else {}
        with self._lock:
            self._events.insert(0, {"id": f"event-{len(self._events) + 1:08d}", **event})

    def list(self, request: Request) -> Reply:
        """A page of an endpoint's events, the latest first."""
        endpoint, level = request.path_values["id"], request.query.get("minLevel", _LEVELS[0])
        if level not in _LEVELS:
            raise invalid("minLevel", f"`minLevel` is {level!r}: use one of {', '.join(_LEVELS)}.")
        with self._lock:
            events = [event for event in self._events if event["endpointId"] == endpoint and _is_wanted(request, event)]
        shown, cursor = cut(request, events, largest=_LARGEST_PAGE)
        return json_reply({"object": "list", "data": shown, "next_cursor": cursor})


def _is_wanted(request: Request, event: Entry) -> bool:
    query, time = request.query, str(event["createdAt"])
    deployments = _words(request, "deploymentIds")
    kinds = _words(request, "sourceKinds") or (["SOURCE_KIND_DEPLOYMENT"] if deployments else [])
    is_deployment = event["sourceKind"] == "SOURCE_KIND_DEPLOYMENT"
    return (
        (not kinds or event["sourceKind"] in kinds)
        and (not deployments or not is_deployment or event.get("deploymentId") in deployments)
        and event["type"] in (_words(request, "types") or {event["type"]})
        and query.get("subjectId") in {None, event["subjectId"]}
        and _LEVELS.index(str(event["level"])) >= _LEVELS.index(query.get("minLevel", _LEVELS[0]))
        and (not query.get("since") or time_of(time, "") >= time_of(query["since"], "since"))
        and (not query.get("until") or time_of(time, "") < time_of(query["until"], "until"))
    )


def _words(request: Request, name: str) -> list[str]:
    return [word for word in request.query.get(name, "").split(",") if word]
