"""`/v1/shaping`: models made small, a state further at each read."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from ..account import PROJECT_ID
from ..catalogue import CREATED_AT
from ..exchange import ApiError, Reply, Request, json_reply
from ..parameters import Parameters
from ..progress import Moving
from ..routing import Route

if TYPE_CHECKING:
    from threading import Lock

    from ..collection import Entry

_USER = "user-emulator"
_PATH = "/v1/shaping"
_NEXT = {"pending": "queued", "queued": "running", "running": "completed", "cancel_requested": "cancelled"}
_EVENTS = {
    "running": ("JOB_START", "MODEL_DOWNLOAD_COMPLETE", "QUANTIZE_PROCESS_START"),
    "completed": ("QUANTIZE_PROCESS_COMPLETE", "MODEL_UPLOAD_COMPLETE", "JOB_COMPLETE"),
}


def routes(lock: Lock) -> list[Route]:
    """The routes of quantization."""
    jobs = Moving(lock, _PATH, "shp quant", _begun, _moved)

    def list_all(_request: Request) -> Reply:
        return json_reply({"object": "list", "data": jobs.belonging_to({})})

    def list_events(request: Request) -> Reply:
        return json_reply({"object": "list", "data": jobs.find(request)["events"]})

    return [
        Route("POST", f"{_PATH}/prepare-for-fp4-inference", jobs.create),
        Route("POST", f"{_PATH}/prepare-for-fp4-inference/estimate", estimate),
        Route("GET", _PATH, list_all),
        *jobs.routes("retrieve"),
        jobs.action("cancel", _cancelled),
        Route("GET", f"{_PATH}/{{id}}/events", list_events),
    ]


def estimate(request: Request) -> Reply:
    """Return the same price for every model."""
    _inputs(Parameters.parse(request.body))
    return json_reply({"allowed_to_proceed": True, "credit_limit": 100.0, "price_usd": 4.5, "time_hours": 1.5})


def _inputs(parameters: Parameters) -> Parameters:
    parameters.required("inputs")
    inputs = Parameters(parameters.mapping("inputs"))
    try:
        inputs.text("model_object_id")
    except ApiError as error:
        error.param = "inputs.model_object_id"
        raise
    return inputs


def _begun(_request: Request, parameters: Parameters) -> Entry:
    inputs = _inputs(parameters)
    model = inputs.text("model_object_id")
    return {
        "job_type": "quantization",
        "status": "pending",
        "created_at": CREATED_AT,
        "updated_at": CREATED_AT,
        "user_id": _USER,
        "events": [],
        "params": {
            "inputs": inputs.present(),
            "configuration": {
                "base_model_name": "openai/gpt-oss-20b",
                "base_object_id": "base-sm-gpt-oss-20b",
                "base_revision_id": "rev-base-sm-gpt-oss-20b",
                "model_name": f"{model}-fp4",
                "model_project_id": PROJECT_ID,
                "model_revision_id": inputs.optional_text("model_revision_id", f"rev-{model}"),
                "user_id": _USER,
            },
        },
    }


def _moved(job: Entry, _request: Request) -> Entry:
    status = _NEXT.get(str(job["status"]))
    if status is None:
        return {}
    events = [*cast("list[Entry]", job["events"]), *map(_event, _EVENTS.get(status, ()))]
    changes: Entry = {"status": status, "events": events}
    if status == "completed":
        changes["results"] = {"model_object_id": f"{job['id']}-model", "model_revision_id": f"{job['id']}-revision"}
    return changes


def _event(name: str) -> Entry:
    return {
        "object": "shaping",
        "type": f"QUANTIZATION_{name}",
        "level": "Info",
        "message": name.replace("_", " ").capitalize(),
        "created_at": CREATED_AT,
    }


def _cancelled(job: Entry) -> Entry:
    if job["status"] not in _NEXT:
        message = f"{job['id']} is {job['status']}: only a job that goes on can be cancelled."
        raise ApiError(409, message, param="id", code="wrong_status")
    return {"status": "cancel_requested"}
