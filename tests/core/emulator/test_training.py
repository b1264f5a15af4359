from __future__ import annotations

import json
import struct
from typing import TYPE_CHECKING, Any

import pytest

from tests.core.emulator.conftest import body_of

if TYPE_CHECKING:
    from tests.core.emulator.conftest import Api

RESOURCES, SESSIONS = "/v1/rl/model-resources", "/v1/rl/training-sessions"
PROMPT = {"chunks": [{"encoded_text": {"tokens": [1, "22"]}}, {"encoded_text": {"tokens": [3]}}]}
SAMPLE = {"model_input": PROMPT, "loss_fn_inputs": {"target_tokens": {"data": [22, 3, 4], "dtype": "int64"}}}
LOSS = {"type": "LOSS_TYPE_CROSS_ENTROPY"}


@pytest.fixture
def session(api: Api) -> str:
    """The path of a session that runs."""
    return new_session(api)


def new_session(api: Api, **params: object) -> str:
    resource = api.post(RESOURCES, base_model="openai/gpt-oss-20b", **params)["id"]
    for _ in range(2):
        api.get(f"{RESOURCES}/{resource}")
    identifier = api.post(SESSIONS, model_resources_id=resource)["id"]
    api.get(f"{SESSIONS}/{identifier}")
    return f"{SESSIONS}/{identifier}"


def started(api: Api, session: str, kind: str, key: str = "", **params: object) -> Any:
    body = json.dumps(params).encode()
    target = f"{session}/operations/{kind}"
    return api.json(api.send("POST", target, body, {"idempotency-key": key or f"{kind} {params}"}))


def done(api: Api, session: str, kind: str, key: str = "", **params: object) -> Any:
    """The output of an operation, after the reads it takes."""
    target = f"{session}/operations/{kind}/{started(api, session, kind, key, **params)['id']}"
    assert api.get(target)["status"] == "TRAINING_OPERATION_STATUS_RUNNING"
    return api.get(target)["output"]


def test_the_outputs_of_a_loss_are_one_for_each_token(api: Api, session: str) -> None:
    output = done(api, session, "forward-backward", loss=LOSS, samples=[SAMPLE, SAMPLE], return_loss_fn_outputs=True)
    logprobs = [each["tensors"]["logprobs"] for each in output["loss_fn_outputs"]]
    assert [(each["shape"], len(each["data"])) for each in logprobs] == [([3], 3), ([3], 3)]
    assert output["loss"] == pytest.approx(-sum(logprobs[0]["data"]) / 3)


def test_the_loss_falls_as_training_goes_on(api: Api, session: str) -> None:
    losses: list[float] = []
    for number in range(3):
        output = done(api, session, "forward-backward", f"pass {number}", loss=LOSS, samples=[SAMPLE])
        losses.append(output["loss"])
        done(api, session, "optim-step", f"step {number}")
    assert losses == sorted(losses, reverse=True)
    assert len(set(losses)) == 3


def test_a_forward_pass_leaves_no_gradients(api: Api, session: str) -> None:
    done(api, session, "forward-backward", loss=LOSS, samples=[SAMPLE], forward_only=True)
    step = started(api, session, "optim-step")["id"]
    api.get(f"{session}/operations/optim-step/{step}")
    assert api.get(f"{session}/operations/optim-step/{step}")["status"] == "TRAINING_OPERATION_STATUS_FAILED"


def test_samples_have_the_shapes_that_were_asked_for(api: Api, session: str) -> None:
    output = done(
        api, session, "sample", model_inputs=[PROMPT, PROMPT], num_samples=3, prompt_logprobs=True,
        topk_prompt_logprobs=2, sampling_params={"max_tokens": 5},
    )  # fmt: skip
    assert [len(result["sequences"]) for result in output["results"]] == [3, 3]
    result = output["results"][0]
    assert (len(result["prompt_logprobs"]), result["prompt_logprobs"][0]) == (3, 0)
    assert [len(each.get("token_ids", [])) for each in result["topk_prompt_logprobs"]] == [0, 2, 2]
    for sequence in result["sequences"]:
        assert len(sequence["tokens"]) == len(sequence["logprobs"]) <= 5
        ended = "LENGTH" if len(sequence["tokens"]) == 5 else "STOP"
        assert sequence["stop_reason"] == f"STOP_REASON_{ended}"


def test_samples_are_always_the_same(api: Api, session: str) -> None:
    first = done(api, session, "sample", "a", model_inputs=[PROMPT], num_samples=2)
    assert first == done(api, session, "sample", "b", model_inputs=[PROMPT], num_samples=2)
    one, other = first["results"][0]["sequences"]
    assert one != other


def test_without_temperature_samples_are_alike(api: Api, session: str) -> None:
    output = done(api, session, "sample", model_inputs=[PROMPT], num_samples=2, sampling_params={"temperature": 0})
    one, other = output["results"][0]["sequences"]
    assert one == other


def test_samples_change_only_after_the_weights_are_brought_over(api: Api, session: str) -> None:
    before = done(api, session, "sample", "a", model_inputs=[PROMPT])
    done(api, session, "forward-backward", loss=LOSS, samples=[SAMPLE])
    done(api, session, "optim-step")
    assert done(api, session, "sample", "b", model_inputs=[PROMPT]) == before
    done(api, session, "weights-sync", weight_sync_type="WEIGHT_SYNC_TYPE_PIPELINE")
    assert done(api, session, "sample", "c", model_inputs=[PROMPT]) != before


def test_an_operation_belongs_to_its_session_and_kind(api: Api, session: str) -> None:
    sample = started(api, session, "sample", model_inputs=[PROMPT])["id"]
    other = new_session(api)
    assert api.send("GET", f"{other}/operations/sample/{sample}").status == 404
    assert api.send("GET", f"{session}/operations/optim-step/{sample}").status == 404


def test_an_operation_without_a_key_is_refused(api: Api, session: str) -> None:
    error = api.refused(f"{session}/operations/sample", model_inputs=[PROMPT])
    assert (error["param"], error["code"]) == ("Idempotency-Key", "missing_required")


@pytest.mark.parametrize(
    ("kind", "params", "param"),
    [
        ("forward-backward", {"samples": [SAMPLE]}, "loss"),
        ("forward-backward", {"samples": [SAMPLE], "loss": {"type": "LOSS_TYPE_HINGE"}}, "loss.type"),
        ("forward-backward", {"samples": [SAMPLE], "loss": {"type": "LOSS_TYPE_DRO"}}, "loss.dro_params"),
        ("forward-backward", {"loss": LOSS}, "samples"),
        ("forward-backward", {"loss": LOSS, "samples": [{"model_input": {}}]}, "samples.0.model_input.chunks"),
        ("forward-backward", {"loss": LOSS, "samples": [1]}, "samples.0"),
        (
            "forward-backward",
            {"loss": LOSS, "samples": [SAMPLE | {"loss_fn_inputs": {"target_tokens": {"data": [1], "dtype": "int8"}}}]},
            "samples.0.loss_fn_inputs.target_tokens.dtype",
        ),
        ("custom-forward-backward", {"samples": [SAMPLE], "gradients": []}, "gradients"),
        ("optim-step", {"adam_params": {"learning_rate": -1}}, "adam_params.learning_rate"),
        ("weights-sync", {"weight_sync_type": "NOW"}, "weight_sync_type"),
        ("sample", {}, "model_inputs"),
        (
            "sample",
            {"model_inputs": [{"chunks": [{"encoded_text": {"tokens": ["word"]}}]}]},
            "model_inputs.0.chunks.0.encoded_text.tokens",
        ),
        ("sample", {"model_inputs": [PROMPT], "sampling_params": {"max_tokens": 0}}, "sampling_params.max_tokens"),
    ],
)
def test_a_wrong_parameter_is_named(api: Api, session: str, kind: str, params: dict[str, Any], param: str) -> None:
    assert started(api, session, kind, **params)["error"]["param"] == param


def test_full_training_has_no_adapter(api: Api) -> None:
    session = new_session(api, lora_enabled=False)
    kept = done(api, session, "inference-checkpoint")["checkpoint"]
    assert set(kept["registration"]) == {"model"}
    download = f"/v1/rl/checkpoints/{kept['id']}/download?variant=CHECKPOINT_VARIANT_"
    assert api.send("GET", f"{download}ADAPTER").status == 400
    assert api.send("GET", f"{download}FINEST").status == 400
    assert [file["filename"] for file in api.get(f"{download}MERGED")["data"]] == ["model.safetensors", "config.json"]


def test_full_training_takes_no_adapter(api: Api) -> None:
    resource = api.post(RESOURCES, base_model="openai/gpt-oss-20b", lora_enabled=False)["id"]
    for _ in range(2):
        api.get(f"{RESOURCES}/{resource}")
    assert api.refused(SESSIONS, model_resources_id=resource, lora_config={"rank": 4})["param"] == "lora_config"


def test_the_files_of_a_checkpoint_have_their_size_and_format(api: Api, session: str) -> None:
    kept = done(api, session, "inference-checkpoint")["checkpoint"]["id"]
    weights, configuration = api.get(f"/v1/rl/checkpoints/{kept}/download?variant=CHECKPOINT_VARIANT_ADAPTER")["data"]
    data = body_of(api.send("GET", weights["url"].removeprefix("http://emulator.test")))
    (length,) = struct.unpack("<Q", data[:8])
    assert (len(data), json.loads(data[8:])) == (weights["size"], {"__metadata__": {"checkpoint": kept}})
    assert length == len(data) - 8
    assert len(body_of(api.send("GET", configuration["url"].removeprefix("http://emulator.test")))) > 0
    assert api.send("GET", f"/emulator/checkpoints/{kept}/other").status == 404
