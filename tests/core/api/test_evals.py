"""`client.evals` and `client.evaluation`, as the emulator answers them."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from together_di import AsyncTogether, BadRequestError, NotFoundError, Together
from together_di.types.evals import (
    EvaluationJob,
    EvaluationJudge,
    EvaluationModelRequest,
    ResultsEvaluationClassifyResults,
    ResultsEvaluationCompareResults,
    ResultsEvaluationScoreResults,
)

from .jobs import OPTIONS, lines_of, upload

JUDGE: EvaluationJudge = {"model": "judge", "model_source": "serverless", "system_template": "Judge."}
ROWS = [{"question": f"What do llamas do on day {day}?", "answer": f"They hum {day}"} for day in range(6)]
MODEL: EvaluationModelRequest = {
    "model": "m",
    "model_source": "serverless",
    "system_template": "Llamas hum.",
    "input_template": "{{ question }}",
    "max_tokens": 20,
    "temperature": 0.5,
}


@pytest.fixture
def client() -> Together:
    return Together(**OPTIONS)


@pytest.fixture
def file_id(client: Together, tmp_path: Path) -> str:
    return upload(client, tmp_path, ROWS, "eval")


def classify(client: Together, file_id: str, **more: Any) -> str:
    parameters: Any = {
        "judge": JUDGE,
        "input_data_file_path": file_id,
        "labels": ["good", "bad"],
        "pass_labels": ["good"],
        **more,
    }
    answer = client.evals.create(type="classify", parameters=parameters)
    assert answer.status == "pending"
    return str(answer.workflow_id)


def finished(client: Together, workflow_id: str) -> EvaluationJob:
    seen = [client.evals.retrieve(workflow_id) for _ in range(3)]
    assert [job.status for job in seen] == ["queued", "running", "completed"]
    return seen[-1]


def test_rows_are_given_labels(client: Together, file_id: str) -> None:
    results = finished(client, classify(client, file_id, model_to_evaluate="answer")).results
    assert isinstance(results, ResultsEvaluationClassifyResults)
    counts = json.loads(results.label_counts or "")
    assert sum(counts.values()) == len(ROWS)
    assert results.pass_percentage == round(100 * counts["good"] / len(ROWS), 2)
    rows = lines_of(client, results.result_file_id)
    assert [row["question"] for row in rows] == [row["question"] for row in ROWS]
    assert {row["verdict"] for row in rows} <= {"good", "bad"}


def test_a_model_answers_the_rows_before_they_are_judged(client: Together, file_id: str) -> None:
    results = finished(client, classify(client, file_id, model_to_evaluate=MODEL)).results
    assert isinstance(results, ResultsEvaluationClassifyResults)
    assert {row["model_to_evaluate_output"] for row in lines_of(client, results.result_file_id)} == {"Llamas hum."}


def test_rows_without_the_column_count_as_failures(client: Together, file_id: str) -> None:
    results = finished(client, classify(client, file_id, model_to_evaluate="nowhere")).results
    assert isinstance(results, ResultsEvaluationClassifyResults)
    assert results.generation_fail_count == len(ROWS)


def test_rows_are_given_scores(client: Together, file_id: str) -> None:
    answer = client.evals.create(
        type="score",
        parameters={
            "judge": JUDGE,
            "input_data_file_path": file_id,
            "min_score": 1,
            "max_score": 5,
            "pass_threshold": 3,
        },
    )
    results = finished(client, str(answer.workflow_id)).results
    assert isinstance(results, ResultsEvaluationScoreResults)
    assert results.aggregated_scores is not None
    assert 1 <= (results.aggregated_scores.mean_score or 0) <= 5


def test_two_columns_are_compared(client: Together, file_id: str) -> None:
    answer = client.evals.create(
        type="compare",
        parameters={"judge": JUDGE, "input_data_file_path": file_id, "model_a": "answer", "model_b": "question"},
    )
    results = finished(client, str(answer.workflow_id)).results
    assert isinstance(results, ResultsEvaluationCompareResults)
    assert (results.a_wins or 0) + (results.b_wins or 0) + (results.ties or 0) == len(ROWS)


def test_the_same_evaluation_has_the_same_results(client: Together, file_id: str) -> None:
    first, second = (finished(client, classify(client, file_id)).results for _ in range(2))
    assert isinstance(first, ResultsEvaluationClassifyResults)
    assert isinstance(second, ResultsEvaluationClassifyResults)
    assert first.label_counts == second.label_counts


def test_the_status_moves_on_as_well_and_has_the_results(client: Together, file_id: str) -> None:
    workflow_id = classify(client, file_id)
    seen = [client.evals.status(workflow_id) for _ in range(3)]
    assert [answer.status for answer in seen] == ["queued", "running", "completed"]
    assert seen[-1].results == client.evals.retrieve(workflow_id).results


def test_a_list_can_be_of_one_status_and_short(client: Together, file_id: str) -> None:
    done = classify(client, file_id)
    finished(client, done)
    classify(client, file_id)
    assert {job.status for job in client.evals.list(status="completed", limit=1000)} == {"completed"}
    assert len(client.evals.list(limit=1)) == 1


def test_the_v1_spelling_makes_the_same_evaluation(client: Together, file_id: str) -> None:
    answer = client.evaluation.create(
        "classify", "judge", "serverless", "Judge.", file_id, labels=["good", "bad"], pass_labels=["good"]
    )
    expected = {
        "judge": JUDGE,
        "input_data_file_path": file_id,
        "labels": ["good", "bad"],
        "pass_labels": ["good"],
    }
    assert client.evaluation.retrieve(str(answer.workflow_id)).parameters == expected
    assert client.evaluation.status(str(answer.workflow_id)).status == "running"


@pytest.mark.parametrize("missing", ["judge", "labels", "pass_labels", "input_data_file_path"])
def test_what_is_missing_is_named(client: Together, file_id: str, missing: str) -> None:
    with pytest.raises(BadRequestError, match=missing if missing != "judge" else "model"):
        classify(client, file_id, **{missing: None})


def test_a_file_of_something_else_is_refused_with_the_line(client: Together, tmp_path: Path) -> None:
    with pytest.raises(BadRequestError, match="Line 2"):
        classify(client, upload(client, tmp_path, [ROWS[0], "[]"], "eval"))


def test_an_unknown_evaluation_is_not_found(client: Together) -> None:
    with pytest.raises(NotFoundError, match="nope"):
        client.evals.status("nope")


def test_the_async_client_gives_the_same(client: Together, file_id: str) -> None:
    workflow_id = classify(client, file_id)

    async def main() -> list[Any]:
        async with AsyncTogether(**OPTIONS) as other:
            return [(await other.evals.retrieve(workflow_id)).status for _ in range(3)]

    assert asyncio.run(main()) == ["queued", "running", "completed"]
