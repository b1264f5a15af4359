"""`client.models.remote_uploads` and `client.models.configs`, as the emulator answers them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.core.support.dedicated import new_project
from together_di import BadRequestError, NotFoundError, Together

SOURCE: Any = {"model_id": "model-1", "remote_url": "https://huggingface.co/someone/something"}


@pytest.fixture
def client() -> Together:
    return new_project()


def test_an_upload_goes_on_with_each_look(client: Together) -> None:
    made = client.models.remote_uploads.create(**SOURCE, token="hf-token")
    later = [client.models.remote_uploads.retrieve(made.id).status for _ in range(3)]
    states = [status.removeprefix("REMOTE_UPLOAD_STATUS_") for status in (made.status, *later)]
    assert states == ["PENDING", "RUNNING", "SUCCEEDED", "SUCCEEDED"]


def test_the_token_of_an_upload_is_not_given_back(client: Together) -> None:
    made = client.models.remote_uploads.create(**SOURCE, token="hf-token")
    assert "hf-token" not in client.models.remote_uploads.retrieve(made.id).to_json()


def test_uploads_come_in_pages(client: Together) -> None:
    made = [client.models.remote_uploads.create(**SOURCE).id for _ in range(3)]
    assert [each.id for each in client.models.remote_uploads.list(limit=2)] == made
    assert list(new_project().models.remote_uploads.list()) == []


def test_the_events_of_an_upload_come_in_pages(client: Together) -> None:
    made = client.models.remote_uploads.create(**SOURCE)
    client.models.remote_uploads.retrieve(made.id)
    first = client.models.remote_uploads.events(made.id, limit=1)
    second = client.models.remote_uploads.events(made.id, limit=1, after=first.next_cursor or "")
    assert [each.type for each in first.data + second.data] == ["upload.pending", "upload.running"]
    assert second.next_cursor is None


def test_an_upload_names_what_is_wrong(client: Together) -> None:
    with pytest.raises(BadRequestError, match="`remoteUrl`"):
        client.models.remote_uploads.create(model_id="m", remote_url="ftp://somewhere")


def test_an_upload_that_is_not_there_is_not_found(client: Together) -> None:
    with pytest.raises(NotFoundError, match="remote upload"):
        client.models.remote_uploads.retrieve("nothing")


def test_models_and_uploads_do_not_get_in_each_others_way(client: Together) -> None:
    model = client.models.create(base_model_id="b", name="mine", type="model")
    client.models.remote_uploads.create(model_id=model.id, remote_url=SOURCE["remote_url"])
    assert [each.id for each in client.models.list()] == [model.id]
    assert client.models.retrieve(model.id) == model


def test_configs_are_listed_and_found(client: Together) -> None:
    configs = list(client.models.configs.list(limit=5))
    assert client.models.configs.retrieve(configs[-1].id) == configs[-1]
    with pytest.raises(NotFoundError, match="config"):
        client.models.configs.retrieve("nothing")


def test_configs_of_one_model_are_found_by_its_name_and_its_id(client: Together) -> None:
    wanted = next(iter(client.models.configs.list()))
    assert list(client.models.configs.list(reference_model=wanted.reference_model)) == [wanted]
    assert list(client.models.configs.list(reference_model_id=wanted.reference_model_id)) == [wanted]
    with pytest.raises(BadRequestError, match="`referenceModelId`"):
        client.models.configs.list(reference_model=wanted.reference_model, reference_model_id="other")
