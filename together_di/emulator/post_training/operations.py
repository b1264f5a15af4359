"""`/v1/rl/training-sessions/{id}/operations`: what a step would give, made up from the tokens and always the same.

Steps take effect in the order in which they are started; reading one only tells of it.
"""

from __future__ import annotations

from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, cast

from ..exchange import ApiError, Json, Reply, Request, invalid, json_reply
from ..parameters import Parameters, kind_of
from ..progress import Moving
from ..routing import Route
from ..text import token_id, token_logprob

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from threading import Lock

    from ..collection import Collection, Entry
    from .checkpoints import Checkpoints

    Step = Callable[[Entry, Request], Entry]

_SESSION = "/v1/rl/training-sessions/{session_id}"
_RUNNING_SESSION = "TRAINING_SESSION_STATUS_RUNNING"
_STATUS = "TRAINING_OPERATION_STATUS_"
_PENDING, _RUNNING, _COMPLETED, _FAILED = (f"{_STATUS}{name}" for name in ("PENDING", "RUNNING", "COMPLETED", "FAILED"))
_LOSSES = frozenset(
    f"LOSS_TYPE_{name}" for name in ("CROSS_ENTROPY", "GRPO", "IMPORTANCE_SAMPLING", "PPO", "CISPO", "DRO", "DPPO")
)
_SYNCS = frozenset(f"WEIGHT_SYNC_TYPE_{name}" for name in ("SYNCHRONOUS", "BACKGROUND_PUBLISH", "PIPELINE"))
_DTYPES = frozenset({"int64", "float32"})


class Operations:
    """The steps of all sessions; each is done when it has been read twice."""

    def __init__(self, lock: Lock, sessions: Collection, checkpoints: Checkpoints) -> None:
        self._lock = lock
        self._sessions = sessions
        self._checkpoints = checkpoints
        self._ends: dict[str, Entry] = {}
        self._by_key: dict[tuple[str, str], tuple[str, bytes, Entry]] = {}
        self._with_gradients: set[str] = set()

    def routes(self) -> list[Route]:
        """The two routes of each kind of step."""
        steps: dict[str, Step] = {
            "forward-backward": self._forward_backward,
            "custom-forward-backward": self._custom_forward_backward,
            "optim-step": self._optim_step,
            "weights-sync": _sync_weights,
            "sample": _sample,
            "inference-checkpoint": partial(self._keep, for_inference=True),
            "training-checkpoint": partial(self._keep, for_inference=False),
        }
        found: list[Route] = []
        for kind, step in steps.items():
            started = Moving(self._lock, f"{_SESSION}/operations/{kind}", f"{kind} operation", None, self._moved)
            # Here the id is that of the session.
            path = started.path.replace("{session_id}", "{id}")
            found.append(Route("POST", path, partial(self._start, kind, step, started)))
            found += started.routes("retrieve")
        return found

    def _start(self, kind: str, step: Step, started: Collection, request: Request) -> Reply:
        session = self._sessions.find(request)
        key = request.headers.get("idempotency-key", "")
        if not key:
            raise invalid("Idempotency-Key", "The header `Idempotency-Key` is required.", code="missing_required")
        place = (str(session["id"]), key)
        with self._lock:
            if place not in self._by_key:
                entry: Entry = {"id": request.identifier("op"), "status": _PENDING}
                self._ends[str(entry["id"])] = _end(session, step, request)
                self._by_key[place] = (kind, request.body, entry)
                started.keep(entry, {"session_id": place[0]})
            known_kind, known_body, known = self._by_key[place]
        if (known_kind, known_body) != (kind, request.body):
            message = "This `Idempotency-Key` came before with another request: a new request needs a new key."
            raise ApiError(409, message, param="Idempotency-Key", code="idempotency_key_reused")
        return json_reply(known)

    def _moved(self, entry: Entry, _request: Request) -> Entry:
        if entry["status"] == _PENDING:
            return {"status": _RUNNING}
        return self._ends[str(entry["id"])]

    def _forward_backward(self, session: Entry, request: Request) -> Entry:
        parameters = Parameters.parse(request.body)
        _check_loss(parameters)
        samples = _samples(parameters)
        if not parameters.flag("forward_only"):
            self._with_gradients.add(str(session["id"]))
        # The further a session has come, the smaller its losses are.
        scale = 1 / (1 + _policy(session)["trainer_step"] / 10)
        logprobs = [[round(scale * token_logprob(str(token)), 6) for token in sample] for sample in samples]
        values = [value for each in logprobs for value in each]
        output: Entry = {"loss": -sum(values) / len(values), "metrics": {"tokens": float(len(values))}}
        if parameters.flag("return_loss_fn_outputs"):
            tensors = [{"data": each, "dtype": "float32", "shape": [len(each)]} for each in logprobs]
            output["loss_fn_outputs"] = [{"tensors": {"logprobs": tensor}} for tensor in tensors]
        return output

    def _custom_forward_backward(self, session: Entry, request: Request) -> Entry:
        parameters = Parameters.parse(request.body)
        samples, gradients = _samples(parameters), parameters.items("gradients")
        if len(gradients) != len(samples):
            message = f"{len(gradients)} gradients came for {len(samples)} samples: send one for each."
            raise invalid("gradients", message)
        for index, (sample, gradient) in enumerate(zip(samples, gradients, strict=True)):
            with _inside(f"gradients.{index}"):
                count = len(_numbers(_object(gradient)))
                if count != len(sample):
                    raise invalid("data", f"`data` has {count} numbers for {len(sample)} tokens: send one for each.")
        self._with_gradients.add(str(session["id"]))
        return {}

    def _optim_step(self, session: Entry, request: Request) -> Entry:
        parameters = Parameters.parse(request.body)
        for name in ("adam_params", "muon_params"):
            with _inside(name):
                Parameters(parameters.mapping(name)).number("learning_rate", minimum=0)
        if session["id"] not in self._with_gradients:
            raise _Failed("There are no gradients since the last step: call forward-backward first.")
        self._with_gradients.discard(str(session["id"]))
        session["step"] = cast("int", session["step"]) + 1
        _policy(session)["trainer_step"] += 1
        return {"step": session["step"]}

    def _keep(self, session: Entry, request: Request, *, for_inference: bool) -> Entry:
        checkpoint = self._checkpoints.keep(request.identifier("ckpt"), session, for_inference=for_inference)
        kept = session["inference_checkpoints" if for_inference else "training_checkpoints"]
        cast("list[Entry]", kept).append(checkpoint)
        return {"checkpoint": checkpoint}


class _Failed(Exception):  # noqa: N818 - no mistake of the program
    """A step that is started, and fails."""


def _end(session: Entry, step: Step, request: Request) -> Entry:
    """How a step ends."""
    if session["status"] != _RUNNING_SESSION:
        message = f"{session['id']} is {session['status']}: a session takes steps while it is {_RUNNING_SESSION}."
        raise ApiError(409, message, param="session_id", code="session_not_active")
    try:
        return {"status": _COMPLETED, "output": step(session, request)}
    except _Failed as failure:
        error = {"code": "TRAINING_OPERATION_ERROR_CODE_INVALID_INPUT", "message": str(failure)}
        return {"status": _FAILED, "error": error}


def _sync_weights(session: Entry, request: Request) -> Entry:
    parameters = Parameters.parse(request.body)
    parameters.choice("weight_sync_type", _SYNCS, parameters.text("weight_sync_type"))
    policy = _policy(session)
    policy["applied_weights_version"] = policy["target_weights_version"] = policy["trainer_step"]
    return {"weights_version": policy["trainer_step"]}


def _sample(session: Entry, request: Request) -> Entry:
    parameters = Parameters.parse(request.body)
    inputs = parameters.items("model_inputs")
    if not inputs:
        raise invalid("model_inputs", "`model_inputs` is required: send at least one.", code="missing_required")
    count = parameters.integer("num_samples", minimum=1, maximum=128) or 1
    likeliest = parameters.integer("topk_prompt_logprobs", minimum=0, maximum=20) or 0
    with _inside("sampling_params"):
        sampling = Parameters(parameters.mapping("sampling_params"))
        length = sampling.integer("max_tokens", minimum=1, maximum=4096) or 16
        # Without temperature, all samples are the same.
        variety = 0 if sampling.number("temperature", minimum=0) == 0 else 1
    version = _policy(session)["applied_weights_version"]
    results: list[Entry] = []
    for index, value in enumerate(inputs):
        with _inside(f"model_inputs.{index}"):
            prompt = _tokens(value)
        seed = f"{sampling.get('seed')} {version} {prompt}"
        sequences = [_sequence(f"{seed} {variety * number}", length) for number in range(count)]
        result: Entry = {"policy_segments": [{"start_token": 0, "version": version}], "sequences": sequences}
        if parameters.flag("prompt_logprobs"):
            result["prompt_logprobs"] = [0.0, *(token_logprob(str(token)) for token in prompt[1:])]
        if likeliest:
            result["topk_prompt_logprobs"] = [{}, *(_likeliest(token, likeliest) for token in prompt[1:])]
        results.append(result)
    return {"results": results}


def _sequence(seed: str, length: int) -> Entry:
    """Tokens up to the length, or to one that happens to end the text."""
    tokens: list[int] = []
    while len(tokens) < length and (not tokens or tokens[-1] % 32):
        tokens.append(token_id(f"{seed} {len(tokens)}"))
    reason = "LENGTH" if len(tokens) == length else "STOP"
    return {
        "tokens": tokens,
        "logprobs": [token_logprob(str(token)) for token in tokens],
        "stop_reason": f"STOP_REASON_{reason}",
        "prompt_cache_hit_tokens": 0,
    }


def _likeliest(token: int, count: int) -> Entry:
    tokens = [token, *(token_id(f"{token} {rank}") for rank in range(1, count))]
    first = token_logprob(str(token))
    return {"token_ids": tokens, "logprobs": [first - rank for rank in range(count)]}


def _policy(session: Entry) -> dict[str, int]:
    return cast("dict[str, int]", session["policy_state"])


def _check_loss(parameters: Parameters) -> None:
    parameters.required("loss")
    with _inside("loss"):
        loss = Parameters(parameters.mapping("loss"))
        if loss.choice("type", _LOSSES, loss.text("type")) == "LOSS_TYPE_DRO":
            loss.required("dro_params")


def _samples(parameters: Parameters) -> list[list[int]]:
    """The tokens of each sample, after a look at its tensors."""
    samples = parameters.items("samples")
    if not samples:
        raise invalid("samples", "`samples` is required: send at least one.", code="missing_required")
    found: list[list[int]] = []
    for index, value in enumerate(samples):
        with _inside(f"samples.{index}"):
            sample = _object(value)
            with _inside("model_input"):
                found.append(_tokens(sample.required("model_input")))
            _check_tensors(sample)
    return found


def _check_tensors(sample: Parameters) -> None:
    with _inside("loss_fn_inputs"):
        tensors = sample.mapping("loss_fn_inputs")
        Parameters(tensors).required("target_tokens")
        lengths: set[int] = set()
        for name, value in tensors.items():
            with _inside(name):
                tensor = _object(value)
                tensor.choice("dtype", _DTYPES, tensor.text("dtype"))
                lengths.add(len(_numbers(tensor)))
        if len(lengths) > 1:
            raise invalid("target_tokens", f"The tensors have lengths {sorted(lengths)}: they have to be the same.")


def _tokens(value: Json) -> list[int]:
    """The tokens of a model input: numbers, which may be written as text."""
    tokens: list[int] = []
    for index, chunk in enumerate(_object(value).items("chunks")):
        with _inside(f"chunks.{index}.encoded_text"):
            for token in Parameters(_object(chunk).mapping("encoded_text")).items("tokens"):
                if not str(token).isdecimal():
                    raise invalid("tokens", f"`tokens` holds {token!r}: tokens are whole numbers.")
                tokens.append(int(str(token)))
    if not tokens:
        raise invalid("chunks", "`chunks` holds no token.")
    return tokens


def _numbers(values: Parameters) -> list[Json]:
    values.required("data")
    return values.items("data")


def _object(value: Json) -> Parameters:
    if not isinstance(value, dict):
        raise invalid("", f"An object is expected here, not {kind_of(value)}.", code="invalid_type")
    return Parameters(value)


@contextmanager
def _inside(name: str) -> Generator[None]:
    """Have an error name the parameter with all that it is in."""
    try:
        yield
    except ApiError as error:
        error.param = f"{name}.{error.param}".rstrip(".")
        raise
