"""What a fine-tuning job has made so far: checkpoints, measurements, and the model itself."""

from __future__ import annotations

import io
import tarfile
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, cast

from pydantic_core import to_json

from .exchange import ApiError, Reply, Request, invalid, json_reply

if TYPE_CHECKING:
    from .collection import Entry

_KINDS = frozenset({"merged", "adapter", "model_output_path"})
#: A safetensors file without a tensor.
_NO_WEIGHTS = b"\x02\0\0\0\0\0\0\0{}"


def checkpoint_steps(job: Entry, total: int) -> list[int]:
    """The steps after which the model is kept: spread over the training, the last one at its end."""
    wanted = _number(job, "n_checkpoints")
    return sorted({-(-total * place // wanted) for place in range(1, wanted + 1)})


def checkpoints(job: Entry) -> list[Entry]:
    """Those there are; the last one only when the job is complete."""
    total, done = _number(job, "total_steps"), _number(job, "steps_completed")
    complete = job["status"] == "completed"
    reached = [step for step in checkpoint_steps(job, total) if total and step <= done and (step < total or complete)]
    kind = "adapter" if _is_adapter(job) else "model"
    return [
        {
            "checkpoint_type": f"Final (step {step})" if step == total else f"Intermediate (step {step})",
            "checkpoint": kind,
            "created_at": job["updated_at"],
            "path": f"emulator://{job['id']}/step-{step}",
            "step": step,
        }
        for step in reached
    ]


def metrics(request: Request, job: Entry) -> Reply:
    """The measurements of the steps so far that the request asks for; a step takes a second."""
    done = _number(job, "steps_completed")
    first = _query_number(request, "global_step_from", 1)
    last = _query_number(request, "global_step_to", done)
    began = datetime.fromisoformat(str(job["created_at"]))
    earliest, latest = (_query_time(request, name) for name in ("logged_at_from", "logged_at_to"))
    steps = [
        step
        for step in range(max(first, 1), min(last, done) + 1)
        if (earliest or began) <= began + timedelta(seconds=step) <= (latest or datetime.max.replace(tzinfo=UTC))
    ]
    kept = min(_query_number(request, "resolution", len(steps)), len(steps))
    chosen = [steps[place * len(steps) // kept] for place in range(kept)]
    return json_reply({"metrics": [_measured(step, float(str(job["learning_rate"]))) for step in chosen]})


def _measured(step: int, rate: float) -> dict[str, float]:
    return {"train/global_step": step, "train/loss": round(2 / (step + 1) + 0.5, 6), "train/learning_rate": rate}


def packed(request: Request, job: Entry) -> Reply:
    """The model, or the checkpoint that the request names, as a tar archive.

    Raises:
        ApiError: 400, it is not there.
    """
    kind = request.query.get("checkpoint", "merged")
    if kind not in _KINDS:
        raise invalid("checkpoint", f"`checkpoint` is {kind!r}: use one of {', '.join(sorted(_KINDS))}.")
    if kind == "adapter" and not _is_adapter(job):
        raise invalid("checkpoint", "`checkpoint` is 'adapter': this job trains all weights.")
    kept = [_number(entry, "step") for entry in checkpoints(job)]
    step = _query_number(request, "checkpoint_step", 0) or (kept[-1] if job["status"] == "completed" else 0)
    if step not in kept:
        found = f"There is no checkpoint of step {step}" if step else f"The job is {job['status']}"
        raise ApiError(400, f"{found}: the list of checkpoints has {kept or 'none'}.", param="checkpoint_step")
    prefix = "adapter_" if kind == "adapter" else ""
    config = to_json({"model": job["model_output_name"], "step": step})
    body = _tar({f"{prefix}config.json": config, f"{prefix}model.safetensors": _NO_WEIGHTS})
    name = f'attachment; filename="{job["id"]}-{step}.tar"'
    return Reply(200, {"content-type": "application/octet-stream", "content-disposition": name}, body)


def _tar(files: dict[str, bytes]) -> bytes:
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return archive.getvalue()


def _is_adapter(job: Entry) -> bool:
    return cast("Entry", job["training_type"]).get("type") != "Full"


def _number(entry: Entry, name: str) -> int:
    value = entry.get(name)
    return value if isinstance(value, int) else 0


def _query_number(request: Request, name: str, default: int) -> int:
    given = request.query.get(name)
    if not given:
        return default
    if not given.isascii() or not given.isdigit():
        raise invalid(name, f"`{name}` is {given!r}: it has to be an integer.")
    return int(given[:9])


def _query_time(request: Request, name: str) -> datetime | None:
    given = request.query.get(name)
    try:
        moment = datetime.fromisoformat(given) if given else None
    except ValueError:
        raise invalid(name, f"`{name}` is {given!r}: it has to be a time such as 2026-01-01T00:00:00Z.") from None
    return moment if moment is None or moment.tzinfo else moment.replace(tzinfo=UTC)
