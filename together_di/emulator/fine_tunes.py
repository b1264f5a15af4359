"""`/v1/fine-tunes`: nothing is trained, everything else happens."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from .datasets import DatasetError, read_rows
from .exchange import Reply, Request, invalid, json_reply
from .fine_tune_facts import estimate, limits_of, model_limits, preview, supported_models, tokenized, tokenized_data
from .fine_tune_products import checkpoint_steps, checkpoints, metrics, packed
from .jobs import Jobs, file_of, moment
from .parameters import Parameters
from .routing import Route

if TYPE_CHECKING:
    from .collection import Entry
    from .datasets import Row
    from .files import Files
    from .jobs import Life

_STOPPABLE = frozenset({"pending", "queued", "running"})
_ROWS_IN_STEP = 8
#: What a stage takes, in the emulator's seconds.
_STAGE = 60
_STAGES = ("pending", "queued", "running", "running", "compressing", "uploading", "completed")


class FineTunes:
    """The jobs and their endpoints."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self._jobs = Jobs("fine-tuning job", "/v1/fine-tunes")

    def routes(self) -> list[Route]:
        """The endpoints, and those under which OpenAI's client looks for the same."""
        one, theirs = "/v1/fine-tunes/{id}", "/v1/fine_tuning/jobs"
        return [
            Route("POST", "/v1/fine-tunes", lambda request: json_reply(self.create(request))),
            Route("GET", "/v1/fine-tunes", lambda _: json_reply({"data": self._jobs.all()})),
            Route("POST", "/v1/fine-tunes/estimate-price", lambda request: estimate(request, self._files)),
            Route("POST", "/v1/fine-tunes/preview", lambda request: preview(request, self._files)),
            Route("GET", "/v1/fine-tunes/models/limits", model_limits),
            Route("GET", "/v1/fine-tunes/models/supported", supported_models),
            Route("GET", one, lambda request: json_reply(self._read(request))),
            Route("DELETE", one, self.delete),
            Route("POST", f"{one}/cancel", lambda request: json_reply(self.cancel(request))),
            Route("GET", f"{one}/events", lambda request: json_reply({"data": self._look(request)["events"]})),
            Route("GET", f"{one}/checkpoints", lambda request: json_reply({"data": checkpoints(self._look(request))})),
            Route("GET", f"{one}/metrics", lambda request: metrics(request, self._look(request))),
            Route("GET", f"{one}/download-tokenized-dataset", self.tokenized_dataset),
            Route("GET", "/emulator/tokenized-datasets/{id}", self.dataset, public=True),
            Route("GET", "/v1/finetune/download", self.content),
            Route("POST", theirs, lambda request: json_reply(_as_openai(self.create(request)))),
            Route("GET", theirs, lambda _: _page([_as_openai(job) for job in self._jobs.all()])),
            Route("GET", f"{theirs}/{{id}}/events", lambda request: _page(_events(self._look(request)))),
            Route("GET", f"{theirs}/{{id}}", lambda request: json_reply(_as_openai(self._read(request)))),
            Route("POST", f"{theirs}/{{id}}/cancel", lambda request: json_reply(_as_openai(self.cancel(request)))),
        ]

    def create(self, request: Request) -> Entry:
        """Make one."""
        parameters = Parameters.parse(request.body)
        data = file_of(self._files, parameters, "training_file")
        if parameters.optional_text("validation_file"):
            file_of(self._files, parameters, "validation_file")
        base = parameters.optional_text("model") or parameters.text("from_checkpoint")
        limits_of(base)
        identifier = request.identifier("ft")
        shown = self._shown(request, parameters, base, identifier)
        shown["trainingfile_size"] = len(data)
        return self._jobs.add(identifier, shown, _life(request.number, shown, data))

    def cancel(self, request: Request) -> Entry:
        """Stop one."""
        identifier = request.path_values["id"]
        events = [*_events(self._look(request)), _event(request.number, "cancel_requested", "Cancel requested.")]
        asked: Entry = {"status": "cancel_requested", "events": events}
        stopped = _event(request.number, "job_stopped", "The job was cancelled.")
        return self._jobs.cancel(identifier, _STOPPABLE, asked, {"status": "cancelled", "events": [*events, stopped]})

    def delete(self, request: Request) -> Reply:
        """Forget one."""
        identifier = request.path_values["id"]
        self._jobs.forget(identifier)
        return json_reply({"message": f"The fine-tuning job {identifier} was deleted."})

    def content(self, request: Request) -> Reply:
        """The new model, or a checkpoint of it, as a tar archive."""
        identifier = request.query.get("ft_id", "")
        if not identifier:
            raise invalid("ft_id", "`ft_id` is required: add it to the URL.", code="missing_required")
        return packed(request, self._jobs.look(identifier))

    def tokenized_dataset(self, request: Request) -> Reply:
        """Where the tokenized data of one is."""
        return tokenized(request, self._look(request), self._files)

    def dataset(self, request: Request) -> Reply:
        """The tokenized data of one."""
        return Reply(200, {"content-type": "application/gzip"}, tokenized_data(self._look(request), self._files))

    def _read(self, request: Request) -> Entry:
        return self._jobs.read(request.path_values["id"])

    def _look(self, request: Request) -> Entry:
        return self._jobs.look(request.path_values["id"])

    @staticmethod
    def _shown(request: Request, parameters: Parameters, base: str, identifier: str) -> Entry:
        suffix = parameters.optional_text("suffix")
        if len(suffix) > 64:
            raise invalid("suffix", "`suffix` has more than 64 characters.")
        epochs = parameters.integer("n_epochs", minimum=1, maximum=20) or 1
        checkpoint_count = parameters.integer("n_checkpoints", minimum=1, maximum=10) or 1
        taken = ("from_checkpoint", "validation_file", "lr_scheduler", "training_method", "suffix", "random_seed",
                 "from_hf_model", "max_seq_length", "packing", "wandb_project_name", "warmup_ratio", "weight_decay",
                 "max_grad_norm")  # fmt: skip
        name = base.rpartition("/")[2].partition(":")[0]
        return {
            **{field: parameters.get(field) for field in taken if parameters.has(field)},
            "id": identifier,
            "object": "fine-tune",
            "user_id": "user-emulator",
            "status": "pending",
            "model": parameters.optional_text("model"),
            "model_output_name": "-".join(["emulator/" + name, *filter(None, [suffix]), identifier]),
            "training_file": parameters.text("training_file"),
            "training_type": parameters.mapping("training_type") or {"type": "Lora", "lora_r": 64, "lora_alpha": 128},
            "batch_size": parameters.get("batch_size") if isinstance(parameters.get("batch_size"), int) else 8,
            "learning_rate": parameters.number("learning_rate", minimum=0) or 0.00001,
            "n_epochs": epochs,
            "n_checkpoints": checkpoint_count,
            "n_evals": parameters.integer("n_evals", minimum=0) or 0,
            "created_at": moment(request.number),
            "updated_at": moment(request.number),
            "steps_completed": 0,
            "epochs_completed": 0,
            "progress": {"estimate_available": True, "seconds_remaining": _STAGE},
            "events": [_event(request.number, "job_pending", "The job is waiting.")],
        }


def _life(number: int, shown: Entry, data: bytes) -> Life:
    """What becomes of a job; each stage adds its events."""
    events, epochs = _events(shown), int(str(shown["n_epochs"]))

    def stage(place: int, happened: dict[str, str], **facts: object) -> Entry:
        now = number + place * _STAGE
        events.extend(_event(now, kind, message) for kind, message in happened.items())
        remaining = {"estimate_available": True, "seconds_remaining": _STAGE if place < len(_STAGES) - 1 else 0}
        changed = {"status": _STAGES[place], "updated_at": moment(now), "progress": remaining}
        return {**changed, "events": list(events), **facts}

    yield stage(1, {"training_data_downloading": "Reading the training data."})
    try:
        rows = read_rows(data)
    except DatasetError as error:
        yield stage(2, {"job_error": str(error)}, status="error")
        return
    total = epochs * -(-len(rows) // _ROWS_IN_STEP)
    yield stage(2, {"job_start": "The job has begun.", "training_start": "Training."}, **_facts(rows, epochs, total))
    half = total // 2
    saved = {"checkpoint_save": "Saved a checkpoint."} if any(s <= half for s in checkpoint_steps(shown, total)) else {}
    yield stage(3, saved, steps_completed=half, epochs_completed=epochs // 2)
    done = {"epoch_complete": "The last epoch is complete.", "training_complete": "Training is complete."}
    yield stage(4, done, steps_completed=total, epochs_completed=epochs)
    yield stage(5, {"model_compression_complete": "Packed.", "model_uploading": "Storing the model."})
    yield stage(6, {"model_upload_complete": "Stored.", "job_complete": "The job is complete."})


def _facts(rows: list[Row], epochs: int, total: int) -> Entry:
    token_count = sum(row.token_count for row in rows) * epochs
    return {
        "trainingfile_numlines": len(rows),
        "token_count": token_count,
        "total_price": token_count // 1_000_000,
        "total_steps": total,
        "param_count": 7_000_000_000,
    }


def _event(seconds: int, kind: str, message: str) -> Entry:
    level = "error" if kind == "job_error" else "info"
    return {
        "object": "fine-tune-event",
        "created_at": moment(seconds),
        "type": kind,
        "level": level,
        "message": message,
    }


def _events(shown: Entry) -> list[Entry]:
    return list(cast("list[Entry]", shown["events"]))


_OPENAI_STATUSES = {"pending": "validating_files", "completed": "succeeded", "error": "failed"}


def _page(entries: list[Entry]) -> Reply:
    return json_reply({"object": "list", "data": entries, "has_more": False})


def _as_openai(shown: Entry) -> Entry:
    """A job as OpenAI's API shows it."""
    status = str(shown["status"])
    return {
        **shown,
        "object": "fine_tuning.job",
        "status": _OPENAI_STATUSES.get(status, "running" if status in {"compressing", "uploading"} else status),
        "fine_tuned_model": shown["model_output_name"] if status == "completed" else None,
    }
