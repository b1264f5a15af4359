"""`/v1/evaluation`: a judge without a model gives every row a verdict, always the same."""

from __future__ import annotations

import re
from collections import Counter
from statistics import fmean, pstdev
from typing import TYPE_CHECKING, cast
from zlib import crc32

from pydantic_core import from_json, to_json

from .catalogue import CATALOGUE
from .chat import create_chat_completion
from .exchange import ApiError, JsonObject, Reply, Request, invalid, json_reply
from .jobs import Jobs, file_of, lines_of, moment
from .parameters import Parameters
from .routing import Route

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .collection import Entry
    from .exchange import Json
    from .files import Files
    from .jobs import Life

_TYPES = ("classify", "score", "compare")
_COLUMN = re.compile(r"\{\{\s*(\w+)\s*\}\}")
_WINNERS = ("A", "B", "Tie")


class Evaluations:
    """The evaluations and their endpoints."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self._jobs = Jobs("evaluation", "/v1/evaluation")

    def routes(self) -> list[Route]:
        """The endpoints."""
        return [
            Route("POST", "/v1/evaluation", self.create),
            Route("GET", "/v1/evaluation", self.list),
            Route("GET", "/v1/evaluation/model-list", _models),
            Route("GET", "/v1/evaluation/{id}", lambda request: json_reply(self._jobs.read(request.path_values["id"]))),
            Route("GET", "/v1/evaluation/{id}/status", self.status),
        ]

    def create(self, request: Request) -> Reply:
        """Make one."""
        parameters = Parameters.parse(request.body)
        kind = parameters.choice("type", _TYPES, parameters.text("type"))
        details = Parameters(parameters.mapping("parameters"))
        judge = Parameters(details.mapping("judge"))
        for name in ("model", "model_source", "system_template"):
            judge.text(name)
        _check(kind, details)
        rows = _rows(file_of(self._files, details, "input_data_file_path"))
        identifier = request.identifier("eval")
        shown: Entry = {
            "workflow_id": identifier,
            "type": kind,
            "status": "pending",
            "parameters": parameters.mapping("parameters"),
            "created_at": moment(request.number),
            "updated_at": moment(request.number),
            "results": None,
        }
        self._jobs.add(identifier, shown, self._life(request, kind, details, rows))
        return json_reply({"workflow_id": identifier, "status": "pending"})

    def list(self, request: Request) -> Reply:
        """Those with a status, or all; ten if no limit is given."""
        limit = request.query.get("limit", "10")
        if not limit.isascii() or not limit.isdigit():
            raise invalid("limit", f"`limit` is {limit!r}: it has to be an integer.")
        status = request.query.get("status")
        kept = [job for job in self._jobs.all() if status in {None, job["status"]}]
        return json_reply(kept[: int(limit[:9])])

    def status(self, request: Request) -> Reply:
        """How far one is."""
        job = self._jobs.read(request.path_values["id"])
        return json_reply({"status": job["status"], "results": job["results"]})

    def _life(self, request: Request, kind: str, details: Parameters, rows: Sequence[JsonObject]) -> Life:
        yield {"status": "queued"}
        yield {"status": "running"}
        judged = [_judged(request, index, row, kind, details) for index, row in enumerate(rows)]
        name = request.identifier("eval") + "_results.jsonl"
        stored = self._files.add(name, "eval", b"".join(to_json(row) + b"\n" for row in judged))
        verdicts = [row["verdict"] for row in judged if row["verdict"] is not None]
        failed = len(judged) - len(verdicts)
        results: Entry = {"result_file_id": stored, "generation_fail_count": failed, "judge_fail_count": 0}
        yield {
            "status": "completed",
            "updated_at": moment(request.number + len(rows)),
            "results": results | _summary(kind, details, verdicts),
        }


def _models(_request: Request) -> Reply:
    return json_reply({"model_list": [model.name for model in CATALOGUE if model.kind == "chat"]})


def _check(kind: str, details: Parameters) -> None:
    if kind == "classify":
        for name in ("labels", "pass_labels"):
            if not details.strings(name):
                raise invalid(name, f"`{name}` is required: name at least one label.", code="missing_required")
    if kind == "score":
        for name in ("min_score", "max_score", "pass_threshold"):
            details.required(name)
            details.number(name)


def _rows(data: bytes) -> list[JsonObject]:
    rows: list[JsonObject] = []
    for number, line in enumerate(lines_of(data), 1):
        try:
            row = from_json(line)
        except ValueError:
            row = None
        if not isinstance(row, dict):
            message = f"Line {number} of the file is no JSON object."
            raise invalid("input_data_file_path", message)
        rows.append(cast("JsonObject", row))
    return rows


def _judged(request: Request, index: int, row: JsonObject, kind: str, details: Parameters) -> Entry:
    """A row with the answers that were judged, and the verdict; without one if there was no answer."""
    answers: Entry = {}
    problem: str | None = None
    for name in ("model_a", "model_b") if kind == "compare" else ("model_to_evaluate",):
        try:
            answers[f"{name}_output"] = _answer(request, index, row, details.get(name))
        except ApiError as error:
            problem = error.message
    verdict = _verdict(kind, details, to_json([row, answers])) if problem is None else None
    return {**row, **answers, "generation_error": problem, "verdict": verdict}


def _answer(request: Request, index: int, row: JsonObject, model: Json) -> Json:
    """What a model says to a row, or what stands in the column."""
    if model is None:
        return None
    if isinstance(model, str):
        if model not in row:
            raise invalid("model_to_evaluate", f"There is no column {model!r}.")
        return row[model]
    asked = Parameters(model if isinstance(model, dict) else {})
    messages = [
        {"role": role, "content": _filled(asked.text(name), row)}
        for role, name in (("system", "system_template"), ("user", "input_template"))
    ]
    body = to_json({"model": asked.text("model"), "max_tokens": asked.integer("max_tokens"), "messages": messages})
    inner = Request(request.number * 1_000_000 + index, {}, {}, {}, body, request.base_url)
    reply = create_chat_completion(inner)
    assert isinstance(reply.body, bytes)
    return cast("Json", from_json(reply.body)["choices"][0]["message"]["content"])


def _filled(template: str, row: JsonObject) -> str:
    return _COLUMN.sub(lambda found: str(row.get(found[1], "")), template)


def _verdict(kind: str, details: Parameters, judged: bytes) -> str | float:
    draw = crc32(judged)
    if kind == "classify":
        labels = details.strings("labels")
        return labels[draw % len(labels)]
    if kind == "score":
        low, high = details.number("min_score") or 0.0, details.number("max_score") or 0.0
        return round(low + (high - low) * (draw % 101) / 100, 2)
    return _WINNERS[draw % 3]


def _summary(kind: str, details: Parameters, verdicts: list[object]) -> Entry:
    counts = Counter(verdicts)
    if kind == "compare":
        return {"A_wins": counts["A"], "B_wins": counts["B"], "Ties": counts["Tie"]}
    if kind == "classify":
        passed = sum(counts[label] for label in details.strings("pass_labels"))
        labels = {label: counts[label] for label in details.strings("labels")}
        return {
            "label_counts": to_json(labels).decode(),
            "pass_percentage": _percentage(passed, len(verdicts)),
            "invalid_label_count": 0,
        }
    scores = [float(str(verdict)) for verdict in verdicts] or [0.0]
    passed = sum(score >= (details.number("pass_threshold") or 0.0) for score in scores)
    aggregated = {
        "mean_score": fmean(scores),
        "std_score": pstdev(scores),
        "pass_percentage": _percentage(passed, len(scores)),
    }
    return {"aggregated_scores": aggregated, "invalid_score_count": 0, "failed_samples": 0}


def _percentage(part: int, whole: int) -> float:
    return round(100 * part / whole, 2) if whole else 0.0
