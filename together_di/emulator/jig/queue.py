"""`/v1/queue`: requests to deployments, which one worker for each model does.

Whenever somebody asks how far a request of a model is, the worker takes a step after the answer: it finishes what it
does, and begins with the next one, the highest priority first.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..exchange import JSON_TYPE, Reply, Request, invalid, json_reply, not_found
from ..parameters import Parameters
from ..routing import Route
from ..shelf import moment

if TYPE_CHECKING:
    from ..collection import Entry
    from ..exchange import JsonObject


@dataclass(slots=True)
class Job:
    """A request."""

    id: str
    model: str
    inputs: JsonObject
    info: JsonObject
    priority: int
    status: str = "pending"
    times: dict[str, str] = field(default_factory=dict[str, str])

    def entry(self) -> Entry:
        """As the API shows it."""
        return {
            "request_id": self.id,
            "model": self.model,
            "status": self.status,
            "inputs": self.inputs,
            "info": self.info,
            "priority": self.priority,
            "retries": 0,
            "created_at": moment(0),
            **self.times,
            **({"outputs": {"echo": self.inputs}} if self.status == "done" else {}),
        }


class Queue:
    """The requests of all models."""

    def __init__(self) -> None:
        self._jobs: dict[str, Job] = {}

    def routes(self) -> list[Route]:
        """The routes."""
        return [
            Route("POST", "/v1/queue/submit", self.submit),
            Route("GET", "/v1/queue/status", self.status),
            Route("POST", "/v1/queue/cancel", self.cancel),
            Route("POST", "/v1/queue/clear", self.clear),
            Route("GET", "/v1/queue/metrics", self.metrics),
        ]

    def submit(self, request: Request) -> Reply:
        """Take a request in."""
        parameters = Parameters.parse(request.body)
        model = parameters.text("model")
        parameters.required("payload")
        payload, info = parameters.mapping("payload"), parameters.mapping("info")
        job = Job(request.identifier("request"), model, payload, info, parameters.integer("priority") or 0)
        self._jobs[job.id] = job
        return json_reply({"requestId": job.id})

    def status(self, request: Request) -> Reply:
        """How far one is; then the worker takes a step."""
        job = self._find(_asked(request, "model"), _asked(request, "request_id"))
        answer = json_reply(job.entry())
        self._work(job.model)
        return answer

    def _work(self, model: str) -> None:
        for job in self._of(model, "running"):
            job.status, job.times["done_at"] = "done", moment(2)
        waiting = self._of(model, "pending")
        if waiting:
            chosen = max(waiting, key=lambda job: job.priority)
            chosen.status, chosen.times["claimed_at"] = "running", moment(1)

    def cancel(self, request: Request) -> Reply:
        """Take one out that waits; another one stays as it is."""
        parameters = Parameters.parse(request.body)
        job = self._find(parameters.text("model"), parameters.text("request_id"))
        waits = job.status == "pending"
        if waits:
            job.status = "canceled"
        reply = json_reply({"status": job.status})
        return reply if waits else Reply(409, {"content-type": JSON_TYPE}, reply.body)

    def clear(self, request: Request) -> Reply:
        """Take all out that wait."""
        waiting = self._of(Parameters.parse(request.body).text("model"), "pending")
        for job in waiting:
            job.status = "canceled"
        return json_reply({"canceled_count": len(waiting)})

    def metrics(self, request: Request) -> Reply:
        """How many there are."""
        model = _asked(request, "model")
        waiting, running = len(self._of(model, "pending")), len(self._of(model, "running"))
        return json_reply({"messages_waiting": waiting, "messages_running": running, "total_jobs": waiting + running})

    def _of(self, model: str, status: str) -> list[Job]:
        return [job for job in self._jobs.values() if job.model == model and job.status == status]

    def _find(self, model: str, identifier: str) -> Job:
        job = self._jobs.get(identifier)
        if job is None or job.model != model:
            raise not_found("request", identifier, f"`request_id` is what POST /v1/queue/submit gave for {model!r}.")
        return job


def _asked(request: Request, name: str) -> str:
    value = request.query.get(name, "")
    if not value:
        raise invalid(name, f"`{name}` is required: add it to the URL.", code="missing_required")
    return value
