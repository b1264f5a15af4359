"""Starting a fine-tuning job: the model's limits are asked for, the arguments checked, the price looked at."""

from __future__ import annotations

import warnings
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from ._text import callers_level
from .request import Call
from .steps import ask

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .endpoint import Step
    from .resource import Resource
    from .types.fine_tuning import FinetuneModelLimits, FinetuneResponse

WHO = "fine_tuning.create"
#: Arguments that are sent under another name, as part of something else, or not at all.
_SHAPED = frozenset(
    {
        "lr_scheduler_type", "min_lr_ratio", "scheduler_num_cycles", "lora", "lora_r", "lora_dropout", "lora_alpha",
        "lora_trainable_modules", "train_vision", "wandb_api_key", "verbose", "model_limits", "train_on_inputs",
        "training_method", "dpo_beta", "dpo_normalize_logratios_by_length", "rpo_alpha", "simpo_gamma",
    }
)  # fmt: skip
#: The method an argument belongs to.
_METHOD_OF = {
    "train_on_inputs": "sft",
    "dpo_beta": "dpo",
    "dpo_normalize_logratios_by_length": "dpo",
    "rpo_alpha": "dpo",
    "simpo_gamma": "dpo",
}
_SHARES = ("warmup_ratio", "min_lr_ratio")
_NOT_NEGATIVE = ("max_grad_norm", "weight_decay", "rpo_alpha", "simpo_gamma")


def create_steps(resource: Resource[Any], given: Mapping[str, Any]) -> Step[FinetuneResponse]:
    """The steps of `fine_tuning.create` with all its arguments."""
    namespace: Any = type(resource)
    job = SimpleNamespace(**given)
    _check(job)
    limits = job.model_limits
    if limits is None:
        name = job.from_checkpoint.partition(":")[0] if job.model is None else job.model
        limits = yield from ask(resource, namespace.model_limits, model_name=name)
    body = _body(given, job, limits)
    estimate = yield from ask(resource, namespace.estimate_price, **_priced(body))
    if getattr(estimate, "allowed_to_proceed", None) is False:
        warnings.warn(
            f"{WHO}(): the job is estimated at ${estimate.estimated_total_price}, more than your balance and credit "
            "limit together: it will probably be cancelled for lack of funds.",
            stacklevel=callers_level(),
        )
    if job.verbose:
        shown = {name: "[hidden]" if name in {"wandb_key", "hf_api_token"} else body[name] for name in body}
        print(f"Fine-tuning with {shown}")
    engine, create = resource._engine, namespace.create
    answer = yield Call(engine.builder.build(create.template, body, WHO))
    return create.parse(answer, strict=engine.config.strict)  # type: ignore[no-any-return]


def _check(job: SimpleNamespace) -> None:
    """Refuse what can be seen to be wrong without the limits of the model."""
    _check_start(job)
    _check_method(job)
    for name in _SHARES:
        _check_range(job, name, 0, 1)
    for name in _NOT_NEGATIVE:
        _check_range(job, name, 0)
    if job.lora and job.lora_dropout is not None and not 0 <= job.lora_dropout < 1:
        raise _refusal(f"lora_dropout={job.lora_dropout} must be from 0 to less than 1.")
    if job.lr_scheduler_type == "cosine" and job.scheduler_num_cycles <= 0:
        raise _refusal(f"scheduler_num_cycles={job.scheduler_num_cycles} must be more than 0.")
    if job.early_stopping_enabled:
        _check_early_stopping(job)


def _check_start(job: SimpleNamespace) -> None:
    if job.model is None and job.from_checkpoint is None:
        raise _refusal("say what to train: model=..., or from_checkpoint=...")
    if job.model is not None and job.from_checkpoint is not None:
        raise _refusal("give either model or from_checkpoint, not both.")
    if job.from_checkpoint is not None and job.from_hf_model is not None:
        raise _refusal("give either from_checkpoint or from_hf_model (with the model it is like), not both.")


def _check_method(job: SimpleNamespace) -> None:
    if job.training_method not in {"sft", "dpo"}:
        raise _refusal(f"training_method={job.training_method!r} must be 'sft' or 'dpo'.")
    for name, method in _METHOD_OF.items():
        unset = False if name == "dpo_normalize_logratios_by_length" else None
        if getattr(job, name) is not unset and job.training_method != method:
            raise _refusal(f"{name} goes with training_method={method!r} only, which is {job.training_method!r}.")


def _check_range(job: SimpleNamespace, name: str, low: float, high: float | None = None) -> None:
    value = getattr(job, name)
    if value is not None and (value < low or (high is not None and value > high)):
        raise _refusal(f"{name}={value} must be {f'at least {low}' if high is None else f'from {low} to {high}'}.")


def _check_early_stopping(job: SimpleNamespace) -> None:
    _check_range(job, "early_stopping_patience", 1)
    _check_range(job, "early_stopping_warmup_evals", 0)
    _check_range(job, "early_stopping_min_delta", 0)
    if not job.validation_file:
        raise _refusal("early stopping needs a validation_file.")
    patience = 2 if job.early_stopping_patience is None else job.early_stopping_patience
    warmup = 1 if job.early_stopping_warmup_evals is None else job.early_stopping_warmup_evals
    if (job.n_evals or 0) <= patience + warmup:
        raise _refusal(f"early stopping needs n_evals={patience + warmup + 1} or more, not {job.n_evals or 0}.")


def _body(given: Mapping[str, Any], job: SimpleNamespace, limits: FinetuneModelLimits) -> dict[str, Any]:
    if job.train_vision and not limits.supports_vision:
        raise _refusal(f"train_vision=True: {limits.api_model_name} does not see.")
    _check_length(job, limits)
    fields = {name: value for name, value in given.items() if name not in _SHAPED} | {
        "learning_rate": job.learning_rate or 0.00001,
        "weight_decay": job.weight_decay or 0.0,
        "warmup_ratio": job.warmup_ratio or 0.0,
        "lr_scheduler": _scheduler(job),
        "training_type": _training_type(job, limits),
        "training_method": _training_method(job),
        "wandb_key": job.wandb_api_key,
        "multimodal_params": {"train_vision": job.train_vision} if limits.supports_vision else None,
    }
    return _given(fields)


def _check_length(job: SimpleNamespace, limits: FinetuneModelLimits) -> None:
    least = limits.min_max_seq_length
    most = limits.max_seq_length_sft if job.training_method == "sft" else limits.max_seq_length_dpo
    if job.max_seq_length is not None and not least <= job.max_seq_length <= most:
        raise _refusal(f"max_seq_length={job.max_seq_length} must be from {least} to {most} for this model.")


def _scheduler(job: SimpleNamespace) -> dict[str, object]:
    cycles = job.scheduler_num_cycles if job.lr_scheduler_type == "cosine" else None
    arguments = _given({"min_lr_ratio": job.min_lr_ratio, "num_cycles": cycles})
    return {"lr_scheduler_type": job.lr_scheduler_type, "lr_scheduler_args": arguments}


def _training_type(job: SimpleNamespace, limits: FinetuneModelLimits) -> dict[str, object] | None:
    if job.lora is None:
        return None  # the API decides, and knows the limits that go with it
    kind = limits.lora_training if job.lora else limits.full_training
    if kind is None:
        raise _refusal(f"lora=False: all weights of {limits.api_model_name} cannot be trained, only an adapter.")
    most = kind.max_batch_size if job.training_method == "sft" else kind.max_batch_size_dpo
    if job.batch_size != "max" and not kind.min_batch_size <= job.batch_size <= most:
        raise _refusal(f"batch_size={job.batch_size} must be 'max', or from {kind.min_batch_size} to {most}.")
    if not job.lora:
        return {"type": "Full"}
    rank = limits.lora_training.default_rank if job.lora_r is None else job.lora_r
    return {
        "type": "Lora",
        "lora_r": rank,
        "lora_alpha": rank * 2 if job.lora_alpha is None else int(job.lora_alpha),
        "lora_dropout": job.lora_dropout or 0.0,
        "lora_trainable_modules": job.lora_trainable_modules or "all-linear",
    }


def _training_method(job: SimpleNamespace) -> dict[str, object]:
    if job.training_method == "sft":
        return {"method": "sft", "train_on_inputs": "auto" if job.train_on_inputs is None else job.train_on_inputs}
    # SimPO compares without a reference, and by length.
    simpo = bool(job.simpo_gamma)
    return _given(
        {
            "method": "dpo",
            "dpo_beta": job.dpo_beta,
            "dpo_normalize_logratios_by_length": simpo or job.dpo_normalize_logratios_by_length,
            "dpo_reference_free": simpo,
            "rpo_alpha": job.rpo_alpha,
            "simpo_gamma": job.simpo_gamma,
        }
    )


def _priced(body: Mapping[str, Any]) -> dict[str, Any]:
    """What the price is asked for with."""
    method = body["training_method"]
    if method["method"] == "dpo":
        method = {"dpo_beta": 0, "rpo_alpha": 0, "simpo_gamma": 0, **method}
    # An empty text stands for no file or no checkpoint.
    files = {name: body[name] for name in ("from_checkpoint", "validation_file") if body.get(name)}
    return files | {
        "training_file": body["training_file"],
        "model": body.get("model", ""),
        "n_epochs": body["n_epochs"],
        "n_evals": body.get("n_evals", 0),
        "training_type": body.get("training_type"),
        "training_method": method,
    }


def _given(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _refusal(problem: str) -> ValueError:
    return ValueError(f"{WHO}(): {problem}")
