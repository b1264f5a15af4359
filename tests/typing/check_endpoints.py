"""What type checkers make of `client.endpoints`: never run, checked by mypy and pyright."""

from __future__ import annotations

from typing import assert_type

from together_di import APIResponse, AsyncTogether, Together
from together_di.pagination import AsyncPage, Page
from together_di.types import (
    AbExperiment,
    AdapterCreateResponse,
    AdapterListResponse,
    Config,
    Endpoint,
    EndpointAnalyticsResponse,
    EndpointDeleteResponse,
    EndpointDeployment,
    EndpointListEventsResponse,
    HardwareListResponse,
    PlacementProfile,
    RemoteUploadCreateResponse,
    RemoteUploadEventsResponse,
    Rollout,
    RolloutDefaultsPreview,
    ShadowExperiment,
    ShadowExperimentTarget,
)


def sync_results(client: Together) -> None:
    endpoints = client.endpoints
    assert_type(endpoints.create(name="n", project_id="p"), Endpoint)
    assert_type(endpoints.update("e", traffic_split=[{"deployment_id": "d", "weight": 1}]), Endpoint)
    assert_type(endpoints.list(filter="name:x"), Page[Endpoint])
    assert_type(endpoints.delete("e"), EndpointDeleteResponse)
    assert_type(endpoints.analytics("e", include_time_series=True), EndpointAnalyticsResponse)
    assert_type(endpoints.list_events("e", types=["t"]), Page[EndpointListEventsResponse])
    assert_type(endpoints.deployments.retrieve("d", endpoint_id="e"), EndpointDeployment)
    assert_type(endpoints.deployments.create("e", name="n", autoscaling={"min_replicas": 1}), EndpointDeployment)
    assert_type(endpoints.rollouts.cancel("r", endpoint_id="e", reason="no"), Rollout)
    assert_type(
        endpoints.rollouts.preview_defaults(
            "e", source_deployment_id="a", target_deployment_id="b", canary={"steps": [{"traffic": 100}]}
        ),
        RolloutDefaultsPreview,
    )
    assert_type(
        endpoints.adapters.create(endpoint_id="e", deployment_id="d", adapter_model_id="m"), AdapterCreateResponse
    )
    assert_type(endpoints.adapters.list("e", "d"), Page[AdapterListResponse])
    assert_type(endpoints.ab_experiments.retrieve("x", endpoint_id="e"), AbExperiment)
    assert_type(
        endpoints.shadow_experiments.create(
            "e", name="n", source={"endpoint": {"sampling": {"key_based": {"key": "user", "rate": 0.1}}}}
        ),
        ShadowExperiment,
    )
    assert_type(endpoints.shadow_experiments.targets.list("e", "x"), Page[ShadowExperimentTarget])
    assert_type(endpoints.placement_profiles.retrieve("p"), PlacementProfile)
    assert_type(endpoints.hardware.list(), HardwareListResponse)
    assert_type(endpoints.rollouts.with_raw_response.start("r", endpoint_id="e"), APIResponse[Rollout])
    assert_type(client.models.remote_uploads.create(model_id="m", remote_url="u"), RemoteUploadCreateResponse)
    assert_type(client.models.remote_uploads.events("u"), RemoteUploadEventsResponse)
    assert_type(client.models.configs.list(reference_model="m"), Page[Config])


async def async_results(client: AsyncTogether) -> None:
    endpoints = client.endpoints
    assert_type(await endpoints.retrieve("e"), Endpoint)
    assert_type(await endpoints.deployments.list("e"), AsyncPage[EndpointDeployment])
    assert_type(await endpoints.rollouts.start("r", endpoint_id="e"), Rollout)
    async for target in endpoints.shadow_experiments.targets.list("e", "x"):
        assert_type(target, ShadowExperimentTarget)
    assert_type(await client.models.configs.retrieve("c"), Config)


def wrong_uses(client: Together) -> None:
    endpoints = client.endpoints
    endpoints.create()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    endpoints.create("n")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    endpoints.create(name="n", visibility="all")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    endpoints.deployments.retrieve("d")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    endpoints.rollouts.cancel("r", endpoint_id="e")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    endpoints.update("e", traffic_split=[{"weight": 1}])  # type: ignore[typeddict-item]  # pyright: ignore[reportArgumentType]
    endpoints.shadow_experiments.create("e", name="n", source={})  # type: ignore[typeddict-item]  # pyright: ignore[reportArgumentType]
    client.models.remote_uploads.create(model_id="m")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
