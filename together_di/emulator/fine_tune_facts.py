"""What can be asked about fine-tuning without a job: limits, prices, previews."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

from pydantic_core import to_json

from .catalogue import CATALOGUE
from .datasets import DatasetError, read_rows
from .exchange import ApiError, Reply, Request, invalid, json_reply
from .jobs import file_of, moment
from .parameters import Parameters
from .text import token_id, tokens

if TYPE_CHECKING:
    from .collection import Entry
    from .datasets import Row
    from .files import Files

_DOLLARS_PER_MILLION = 0.5
_USER_LIMIT = 100.0
_LONGEST = 8_192
_MASKED = -100


def model_limits(request: Request) -> Reply:
    """What a model can be trained with."""
    name = request.query.get("model_name", "")
    if not name:
        raise invalid("model_name", "`model_name` is required: add it to the URL.", code="missing_required")
    return json_reply(limits_of(name))


def supported_models(_request: Request) -> Reply:
    """The models that can be trained."""
    return json_reply({"models": [model.name for model in CATALOGUE if model.kind in {"chat", "language"}]})


def limits_of(name: str) -> Entry:
    """The same for all models that write; a model the emulator does not know is taken for one.

    Raises:
        ApiError: 404, the model cannot be trained.
    """
    known = next((model for model in CATALOGUE if model.name == name), None)
    if known is not None and known.kind not in {"chat", "language"}:
        raise ApiError(404, f"{name} is not supported for fine-tuning.", param="model", code="model_not_found")
    sizes = {"max_batch_size": 256, "max_batch_size_dpo": 128, "min_batch_size": 8}
    return {
        "model_name": name,
        "default_gradient_accumulation_steps": 1,
        "full_training": sizes,
        "lora_training": {
            **sizes,
            "default_rank": 64,
            "max_rank": 64,
            "target_modules": ["k_proj", "q_proj", "v_proj"],
        },
        "max_learning_rate": 0.1,
        "max_num_checkpoints": 10,
        "max_num_epochs": 20,
        "max_num_evals": 100,
        "max_seq_length_dpo": _LONGEST,
        "max_seq_length_sft": _LONGEST,
        "merge_output_lora": True,
        "min_learning_rate": 0.0,
        "min_max_seq_length": 512,
        "supports_full_training": True,
        "supports_reasoning": False,
        "supports_tools": True,
        "supports_vision": False,
    }


def estimate(request: Request, files: Files) -> Reply:
    """What a job would cost."""
    parameters = Parameters.parse(request.body)
    epochs = parameters.integer("n_epochs", minimum=1) or 1
    train, judged = (_token_count(files, parameters, name) for name in ("training_file", "validation_file"))
    if train is None or judged is None:
        reason = "train_file_invalid" if train is None else "eval_file_invalid"
        return json_reply({"estimation_available": False, "unavailable_reason": reason})
    train, judged = train * epochs, judged * (parameters.integer("n_evals", minimum=0) or 0)
    price = round((train + judged) * _DOLLARS_PER_MILLION / 1_000_000, 6)
    return json_reply(
        {
            "estimation_available": True,
            "allowed_to_proceed": price <= _USER_LIMIT,
            "estimated_total_price": price,
            "estimated_train_token_count": train,
            "estimated_eval_token_count": judged,
            "user_limit": _USER_LIMIT,
        }
    )


def preview(request: Request, files: Files) -> Reply:
    """How rows would be tokenized."""
    parameters = Parameters.parse(request.body)
    name = parameters.text("model")
    limits_of(name)
    parameters.choice("training_method", {"sft"}, "sft")
    all_parts = parameters.flag("train_on_inputs")
    count = parameters.integer("top_k", minimum=1) or 10
    try:
        rows = read_rows(file_of(files, parameters, "training_file"))
    except DatasetError as error:
        raise invalid("training_file", str(error)) from None
    if rows[0].form == "preference":
        raise invalid("training_file", "The file holds preferences: only data for `sft` can be previewed.")
    shown = [_previewed(row, all_parts=all_parts) for row in rows[:count]]
    answer = {"dataset_format": rows[0].form, "max_seq_length": _LONGEST, "model": name, "train_on_inputs": all_parts}
    return json_reply({**answer, "rows": shown})


def tokenized(request: Request, job: Entry, files: Files) -> Reply:
    """Where the tokenized data of a job is."""
    return json_reply(
        {
            "url": f"{request.base_url}/emulator/tokenized-datasets/{job['id']}",
            "filename": f"{job['id']}-tokenized.jsonl.gz",
            "content_type": "application/gzip",
            "size": len(tokenized_data(job, files)),
            "expires_at": moment(request.number + 3600),
        }
    )


def tokenized_data(job: Entry, files: Files) -> bytes:
    """The token numbers of each row, packed.

    Raises:
        ApiError: 400, the job has not come that far.
    """
    if "token_count" not in job:
        raise ApiError(400, f"The job {job['id']} is {job['status']}: its data has not been tokenized.", param="id")
    rows = read_rows(files.data_of(str(job["training_file"])))
    lines = [to_json({"input_ids": [token_id(t) for text, _ in row.parts for t in tokens(text)]}) for row in rows]
    return gzip.compress(b"\n".join(lines), mtime=0)


def _token_count(files: Files, parameters: Parameters, name: str) -> int | None:
    """The tokens of a file; `None` if it cannot be trained on."""
    if name == "validation_file" and not parameters.optional_text(name):
        return 0
    try:
        return sum(row.token_count for row in read_rows(file_of(files, parameters, name)))
    except DatasetError:
        return None


def _previewed(row: Row, *, all_parts: bool) -> Entry:
    found: list[str] = []
    labels: list[int] = []
    spans: list[list[int]] = []
    for text, learnt in row.parts:
        made = tokens(text)
        if (learnt or all_parts) and made:
            spans.append([len(found), len(found) + len(made)])
        labels += [token_id(token) if learnt or all_parts else _MASKED for token in made]
        found += made
    return {
        "tokens": found[:_LONGEST],
        "input_ids": [token_id(token) for token in found[:_LONGEST]],
        "labels": labels[:_LONGEST],
        "num_tokens": min(len(found), _LONGEST),
        "num_trained_tokens": sum(label != _MASKED for label in labels[:_LONGEST]),
        "trained_spans": spans,
        "truncated": len(found) > _LONGEST,
    }
