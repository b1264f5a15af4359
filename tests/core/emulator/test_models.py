from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.core.emulator.conftest import Api

PROJECT = "/v2/projects/p1/models"


def register(api: Api, name: str = "mine", target: str = PROJECT) -> Any:
    return api.post(target, name=name, type="adapter", baseModelId="base-1", description="First.")


def patch(api: Api, target: str, **changes: object) -> Any:
    return api.json(api.send("PATCH", target, json.dumps(changes).encode()))


def test_the_plain_list_is_an_array_of_models(api: Api) -> None:
    models = api.get("/v1/models")
    assert {"chat", "embedding", "image", "rerank"} <= {model["type"] for model in models}
    assert {model["object"] for model in models} == {"model"}


def test_no_model_is_dedicated(api: Api) -> None:
    assert api.get("/v1/models?dedicated=true") == []


def test_pages_of_the_catalogue_add_up(api: Api) -> None:
    everything = [model["id"] for model in api.get("/v2/supported-models?limit=100")["data"]]
    seen: list[str] = []
    page: Any = {"next_cursor": ""}
    while page["next_cursor"] is not None:
        page = api.get(f"/v2/supported-models?limit=5&after={page['next_cursor']}")
        seen += [model["id"] for model in page["data"]]
    assert seen == everything
    assert len(set(seen)) == len(seen) > 5


def test_the_catalogue_can_be_searched_and_filtered(api: Api) -> None:
    found = api.get("/v2/supported-models?search=flux&modality=MODALITY_IMAGE")["data"]
    assert [model["name"] for model in found] == ["black-forest-labs/FLUX.1-schnell"]
    assert api.get("/v2/supported-models?product=PRODUCT_DEDICATED")["data"] == []


@pytest.mark.parametrize("target", ["sm-gpt-oss-20b", "openai%2Fgpt-oss-20b"])
def test_a_supported_model_is_found_by_id_and_by_name(api: Api, target: str) -> None:
    assert api.get(f"/v2/supported-models/{target}")["displayName"] == "GPT-OSS 20B"


@pytest.mark.parametrize("query", ["limit=0", "limit=many", "limit=101", "after=nothing"])
def test_a_malformed_page_is_refused(api: Api, query: str) -> None:
    assert api.send("GET", f"/v2/supported-models?{query}").status == 400


def test_a_registered_model_belongs_to_its_project(api: Api) -> None:
    model = register(api)
    assert (model["name"], model["projectId"], model["weights"]) == (
        "mine",
        "p1",
        {"type": "WEIGHTS_TYPE_ADAPTER"},
    )
    assert api.get(f"{PROJECT}/{model['id']}") == model
    assert api.send("GET", f"/v2/projects/other/models/{model['id']}").status == 404
    assert api.get("/v2/projects/other/models")["data"] == []


def test_models_of_a_project_come_in_pages(api: Api) -> None:
    names = [register(api, name)["id"] for name in ("a", "b", "c")]
    first = api.get(f"{PROJECT}?limit=2")
    second = api.get(f"{PROJECT}?limit=2&after={first['next_cursor']}")
    assert [model["id"] for model in first["data"] + second["data"]] == names
    assert second["next_cursor"] is None


def test_the_update_mask_limits_what_changes(api: Api) -> None:
    target = f"{PROJECT}/{register(api)['id']}"
    patch(api, f"{target}?updateMask=description", description="Second.", name="other")
    assert (api.get(target)["name"], api.get(target)["description"]) == ("mine", "Second.")


def test_an_internal_model_is_shared_with_the_organization(api: Api) -> None:
    model = register(api)
    organization = f"/v2/organizations/{model['organizationId']}/models"
    assert api.get(organization)["data"] == []
    patch(api, f"{PROJECT}/{model['id']}", visibility="VISIBILITY_INTERNAL")
    assert [shared["id"] for shared in api.get(organization)["data"]] == [model["id"]]
    assert api.get(f"{PROJECT}?visibility=VISIBILITY_PRIVATE")["data"] == []


def test_a_deleted_model_is_gone(api: Api) -> None:
    target = f"{PROJECT}/{register(api)['id']}"
    assert api.json(api.send("DELETE", target)) == {}
    assert api.send("GET", target).status == 404


def test_a_model_has_one_revision_and_no_files(api: Api) -> None:
    target = f"{PROJECT}/{register(api)['id']}"
    assert len(api.get(f"{target}/revisions")["data"]) == 1
    assert api.get(f"{target}/files")["data"] == []


def test_registering_refuses_an_unknown_type(api: Api) -> None:
    assert api.refused(PROJECT, name="x", type="toy", baseModelId="b")["param"] == "type"


def test_updating_refuses_a_field_that_cannot_change(api: Api) -> None:
    target = f"{PROJECT}/{register(api)['id']}?updateMask=weights"
    assert patch(api, target, name="x")["error"]["param"] == "updateMask"


@pytest.mark.parametrize("target", ["/v1/whoami", "/v3/whoami"])
def test_whoami_names_the_project(api: Api, target: str) -> None:
    assert api.get(target)["project"]["slug"] == "emulator"
