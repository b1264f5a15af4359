"""`/v1/rl`: training step by step, which is hardware for a model, and sessions on it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, cast

from ..catalogue import CREATED_AT
from ..collection import Collection
from ..exchange import ApiError, Reply, Request, invalid, json_reply
from ..parameters import Parameters
from ..progress import Moving
from ..routing import Route
from .checkpoints import Checkpoints, page_with_meta
from .operations import Operations

if TYPE_CHECKING:
    from threading import Lock

    from ..collection import Entries, Entry

USER = "user-emulator"
_MODELS = ("openai/gpt-oss-20b", "Qwen/Qwen2.5-7B-Instruct-Turbo")
_GPU = "B200-SXM"
_DOLLARS_AN_HOUR = 12.0
_HOUR = 3600
_RESOURCE, _SESSION = "MODEL_RESOURCES_STATUS_", "TRAINING_SESSION_STATUS_"
_NEXT = {
    f"{_RESOURCE}PENDING": f"{_RESOURCE}CREATING",
    f"{_RESOURCE}CREATING": f"{_RESOURCE}READY",
    f"{_RESOURCE}STOPPING": f"{_RESOURCE}STOPPED",
    f"{_SESSION}CREATING": f"{_SESSION}RUNNING",
    f"{_SESSION}STOPPING": f"{_SESSION}STOPPED",
}
_ACTIVE = {f"{_SESSION}CREATING", f"{_SESSION}RUNNING"}


class Training:
    """Model resources and training sessions; both move when they are read."""

    def __init__(self, lock: Lock) -> None:
        self._lock = lock
        self._checkpoints = Checkpoints(lock)
        self._resources = Moving(lock, "/v1/rl/model-resources", "model resource", _new_resource, _moved)
        self._sessions = Moving(lock, "/v1/rl/training-sessions", "training session", self._new_session, _moved)
        self._operations = Operations(lock, self._sessions, self._checkpoints)

    def routes(self) -> list[Route]:
        """The routes under `/v1/rl`."""
        resource, session = f"{self._resources.path}/{{id}}", f"{self._sessions.path}/{{id}}"
        return [
            Route("GET", "/v1/rl/supported-models", list_models),
            *self._resources.routes("create retrieve"),
            Route("GET", self._resources.path, self._list_resources),
            Route("POST", f"{self._resources.path}/estimate-cost", estimate_cost),
            Route("POST", f"{resource}/extend-expiry", self._extend),
            Route("POST", f"{resource}/stop", self._stop_resource),
            *self._sessions.routes("create retrieve"),
            Route("GET", self._sessions.path, self._list_sessions),
            Route("PATCH", session, self._update_session),
            self._sessions.action("stop", _stopped),
            *self._operations.routes(),
            *self._checkpoints.routes(),
        ]

    def _list_resources(self, request: Request) -> Reply:
        return _list(request, self._resources, ("status",))

    def _list_sessions(self, request: Request) -> Reply:
        return _list(request, self._sessions, ("status", "model_resources_id"))

    def _extend(self, request: Request) -> Reply:
        resource = self._resources.find(request)
        _check_status(resource, f"{_RESOURCE}READY")
        parameters = Parameters.parse(request.body)
        parameters.required("seconds")
        until = _later(parameters.integer("seconds", minimum=1) or 0)
        with self._lock:
            resource["expires_at"] = max(until, str(resource["expires_at"]))
        return json_reply(resource)

    def _stop_resource(self, request: Request) -> Reply:
        resource = self._resources.find(request)
        sessions = self._active_sessions(resource["id"])
        if sessions and request.query.get("force") != "true":
            message = f"{len(sessions)} training sessions use {resource['id']}: stop them, or send `force=true`."
            raise ApiError(409, message, param="force", code="sessions_active")
        with self._lock:
            for session in sessions:
                session.update(_stopped(session))
            if resource["status"] != f"{_RESOURCE}STOPPED":
                resource["status"] = f"{_RESOURCE}STOPPING"
        return json_reply(resource)

    def _active_sessions(self, resource: object) -> Entries:
        sessions = self._sessions.belonging_to({})
        return [each for each in sessions if each["model_resources_id"] == resource and each["status"] in _ACTIVE]

    def _new_session(self, _request: Request, parameters: Parameters) -> Entry:
        identifier = parameters.text("model_resources_id")
        resource = next((each for each in self._resources.belonging_to({}) if each["id"] == identifier), None)
        if resource is None:
            raise invalid("model_resources_id", f"`model_resources_id` is {identifier!r}: there is none of that id.")
        _check_status(resource, f"{_RESOURCE}READY")
        lora = _lora(resource, parameters)
        step = self._step_to_resume(resource, parameters)
        entry: Entry = {
            "status": f"{_SESSION}CREATING",
            "base_model": resource["base_model"],
            "model_resources_id": identifier,
            "created_by": USER,
            "created_at": CREATED_AT,
            "updated_at": CREATED_AT,
            "step": step,
            "policy_state": {
                "applied_weights_version": 0,
                "pending_publish": False,
                "target_weights_version": 0,
                "trainer_step": 0,
            },
            "inference_checkpoints": [],
            "training_checkpoints": [],
            "metadata": parameters.mapping("metadata"),
            "lora_config": lora,
        }
        texts = {name: parameters.optional_text(name) for name in ("display_name", "resume_from_checkpoint_id")}
        return entry | {name: text for name, text in texts.items() if text}

    def _step_to_resume(self, resource: Entry, parameters: Parameters) -> int:
        identifier = parameters.optional_text("resume_from_checkpoint_id")
        if not identifier:
            return 0
        checkpoint = self._checkpoints.named(identifier)
        if checkpoint is None or checkpoint["base_model"] != resource["base_model"]:
            message = f"`resume_from_checkpoint_id` is {identifier!r}: use a checkpoint of {resource['base_model']}."
            raise invalid("resume_from_checkpoint_id", message)
        with_optimizer = parameters.flag("load_optimizer") or not parameters.has("load_optimizer")
        return cast("int", checkpoint["step"]) if with_optimizer else 0

    def _update_session(self, request: Request) -> Reply:
        session = self._sessions.find(request)
        parameters = Parameters.parse(request.body)
        name, metadata = parameters.optional_text("display_name"), parameters.mapping("metadata")
        run = Parameters(metadata).mapping("wandb")
        with self._lock:
            if parameters.has("display_name"):
                session["display_name"] = name or None
            if run:
                known = cast("Entry", cast("Entry", session["metadata"]).get("wandb", {}))
                session["metadata"] = {"wandb": {key: text for key, text in {**known, **run}.items() if text}}
        return json_reply(session)


def list_models(_request: Request) -> Reply:
    """Return the models that can be trained."""
    defaults = {"logprobs": 1, "max_tokens": 16, "n": 1, "temperature": 1.0}
    compute = {
        "gpu_type": _GPU,
        "generator_config": {"context_length": 32_768, "sampling_defaults": defaults},
        "trainer_config": {
            "full": {"max_batch_size": 64, "max_seq_length": 8_192},
            "lora": {"max_batch_size": 256, "max_rank": 64, "max_seq_length": 32_768},
        },
    }
    models = [{"base_model": name, "default_gpu_type": _GPU, "compute_configs": [compute]} for name in _MODELS]
    return json_reply({"data": models})


def estimate_cost(request: Request) -> Reply:
    """Return a price that depends on the number of replicas alone."""
    compute = _wanted(Parameters.parse(request.body))["compute_config"]
    replicas = cast("int", cast("Entry", compute)["num_generator_replicas"])
    return json_reply({"currency": "USD", "price_per_hour": _DOLLARS_AN_HOUR * (1 + replicas)})


def _new_resource(_request: Request, parameters: Parameters) -> Entry:
    return {
        **_wanted(parameters),
        "status": f"{_RESOURCE}PENDING",
        "status_details": {"queue_position": 1},
        "created_by": USER,
        "created_at": CREATED_AT,
        "updated_at": CREATED_AT,
    }


def _wanted(parameters: Parameters) -> Entry:
    """What a resource is to be, with the defaults."""
    parameters.choice("base_model", _MODELS, parameters.text("base_model"))
    compute = Parameters(parameters.mapping("compute_config"))
    wanted: Entry = {
        "base_model": parameters.text("base_model"),
        "compute_config": {
            "gpu_type": compute.choice("gpu_type", {_GPU}, _GPU),
            "num_generator_replicas": compute.integer("num_generator_replicas", minimum=1) or 1,
        },
        "inactive_timeout": parameters.integer("inactive_timeout", minimum=1) or _HOUR,
        "lora_enabled": parameters.flag("lora_enabled") or not parameters.has("lora_enabled"),
        "optimizer_config": parameters.mapping("optimizer_config") or {"adam": {}},
    }
    weights = parameters.optional_text("base_weights_ref")
    return wanted | {"base_weights_ref": weights} if weights else wanted


def _moved(entry: Entry, _request: Request) -> Entry:
    """The next state of a resource or session."""
    status = _NEXT.get(str(entry["status"]))
    if status is None:
        return {}
    if status == f"{_RESOURCE}READY":
        return {"status": status, "expires_at": _later(cast("int", entry["inactive_timeout"]))}
    return {"status": status, "status_details": {}} if status.startswith(_RESOURCE) else {"status": status}


def _stopped(session: Entry) -> Entry:
    return {"status": f"{_SESSION}STOPPING"} if session["status"] in _ACTIVE else {}


def _lora(resource: Entry, parameters: Parameters) -> Entry | None:
    lora = Parameters(parameters.mapping("lora_config"))
    if not resource["lora_enabled"]:
        if parameters.has("lora_config"):
            raise invalid("lora_config", f"`lora_config` came, but {resource['id']} trains all weights.")
        return None
    return {
        "rank": lora.integer("rank", minimum=1, maximum=64) or 8,
        "alpha": lora.integer("alpha", minimum=1) or 16,
        "dropout": lora.number("dropout", minimum=0, maximum=1) or 0.0,
        "train_unembed": lora.flag("train_unembed"),
    }


def _check_status(entry: Entry, status: str) -> None:
    if entry["status"] != status:
        message = f"{entry['id']} is {entry['status']}: read it until it is {status}."
        raise ApiError(409, message, param="id", code="wrong_status")


def _later(seconds: int) -> str:
    """So many seconds after the one moment that the emulator knows."""
    return f"{datetime.fromisoformat(CREATED_AT) + timedelta(seconds=seconds):%Y-%m-%dT%H:%M:%SZ}"


def _list(request: Request, collection: Collection, filters: tuple[str, ...]) -> Reply:
    """A page of what passes the filters; a filter may name several values."""
    entries = collection.belonging_to({})
    for name in filters:
        wanted = request.query.get(name)
        if wanted:
            entries = [entry for entry in entries if entry[name] in wanted.split(",")]
    if request.query.get("created_by") not in {None, "me", USER}:
        entries = []
    return page_with_meta(request, entries)
