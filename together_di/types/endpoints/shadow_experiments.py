"""Types of `client.endpoints.shadow_experiments`. Rates are from 0 to 1, `target_qps` is in requests a second."""

from datetime import datetime
from typing import Literal, Required, TypeAlias, TypedDict

from .._base import CamelModel

__all__ = [
    "ShadowAdaptiveKeyBasedSamplingParam", "ShadowAdaptiveKeyBasedSamplingResponse",
    "ShadowAdaptiveUniformSamplingParam", "ShadowAdaptiveUniformSamplingResponse", "ShadowEndpointSourceParam",
    "ShadowEndpointSourceResponse", "ShadowExperiment", "ShadowExperimentDeleteResponse", "ShadowExperimentTarget",
    "ShadowExperimentTargetParam", "ShadowKeyBasedSamplingParam", "ShadowKeyBasedSamplingResponse",
    "ShadowSamplingAdaptiveKeyBasedParam", "ShadowSamplingAdaptiveUniformParam", "ShadowSamplingKeyBasedParam",
    "ShadowSamplingParam", "ShadowSamplingResponse", "ShadowSamplingUniformParam", "ShadowSourceParam",
    "ShadowSourceResponse", "ShadowUniformSamplingParam", "ShadowUniformSamplingResponse", "TargetDeleteResponse",
]  # fmt: skip


class ShadowUniformSamplingResponse(CamelModel):
    """A part of all requests."""

    rate: float | None = None


class ShadowKeyBasedSamplingResponse(CamelModel):
    """All requests with a part of the values of `key`, a field of the request."""

    key: str
    rate: float | None = None


class ShadowAdaptiveUniformSamplingResponse(CamelModel):
    """As many requests as make `target_qps`."""

    target_qps: float
    window: str | None = None


class ShadowAdaptiveKeyBasedSamplingResponse(CamelModel):
    """As many values of `key`, a field of the request, as make `target_qps`."""

    key: str
    target_qps: float
    window: str | None = None


class ShadowSamplingResponse(CamelModel):
    """Which part of the requests is taken; one of these is set."""

    uniform: ShadowUniformSamplingResponse | None = None
    key_based: ShadowKeyBasedSamplingResponse | None = None
    adaptive_uniform: ShadowAdaptiveUniformSamplingResponse | None = None
    adaptive_key_based: ShadowAdaptiveKeyBasedSamplingResponse | None = None


class ShadowEndpointSourceResponse(CamelModel):
    """The requests to the endpoint."""

    sampling: ShadowSamplingResponse


class ShadowSourceResponse(CamelModel):
    """Which requests are mirrored."""

    endpoint: ShadowEndpointSourceResponse


class ShadowExperimentTarget(CamelModel):
    """A deployment that gets mirrored requests."""

    id: str
    created_at: datetime
    etag: str
    experiment_id: str
    name: str
    target_deployment_id: str
    updated_at: datetime
    description: str | None = None


class ShadowExperiment(CamelModel):
    """Requests that other deployments get, too, without their answers being used."""

    id: str
    created_at: datetime
    created_by: str
    endpoint_id: str
    etag: str
    name: str
    project_id: str
    source: ShadowSourceResponse
    state: Literal["SHADOW_EXPERIMENT_STATE_ACTIVE", "SHADOW_EXPERIMENT_STATE_INACTIVE"]
    targets: list[ShadowExperimentTarget]
    updated_at: datetime
    description: str | None = None


class ShadowExperimentDeleteResponse(CamelModel):
    """The answer to `endpoints.shadow_experiments.delete`; it says nothing."""


class TargetDeleteResponse(CamelModel):
    """The answer to `endpoints.shadow_experiments.targets.delete`; it says nothing."""


class ShadowUniformSamplingParam(TypedDict):
    """A part of all requests."""

    rate: float


class ShadowKeyBasedSamplingParam(TypedDict):
    """All requests with a part of the values of `key`, a field of the request."""

    key: str
    rate: float


class ShadowAdaptiveUniformSamplingParam(TypedDict, total=False):
    """As many requests as make `target_qps`; the window is 60s by default."""

    target_qps: Required[float]
    window: str


class ShadowAdaptiveKeyBasedSamplingParam(TypedDict, total=False):
    """As many values of `key`, a field of the request, as make `target_qps`; the window is 60s by default."""

    key: Required[str]
    target_qps: Required[float]
    window: str


class ShadowSamplingUniformParam(TypedDict):
    """Uniform sampling."""

    uniform: ShadowUniformSamplingParam


class ShadowSamplingKeyBasedParam(TypedDict):
    """Sampling by a key."""

    key_based: ShadowKeyBasedSamplingParam


class ShadowSamplingAdaptiveUniformParam(TypedDict):
    """Uniform sampling at a rate that adapts."""

    adaptive_uniform: ShadowAdaptiveUniformSamplingParam


class ShadowSamplingAdaptiveKeyBasedParam(TypedDict):
    """Sampling by a key at a rate that adapts."""

    adaptive_key_based: ShadowAdaptiveKeyBasedSamplingParam


ShadowSamplingParam: TypeAlias = (
    ShadowSamplingUniformParam
    | ShadowSamplingKeyBasedParam
    | ShadowSamplingAdaptiveUniformParam
    | ShadowSamplingAdaptiveKeyBasedParam
)


class ShadowEndpointSourceParam(TypedDict):
    """The requests to the endpoint."""

    sampling: ShadowSamplingParam


class ShadowSourceParam(TypedDict):
    """Which requests are mirrored."""

    endpoint: ShadowEndpointSourceParam


class ShadowExperimentTargetParam(TypedDict, total=False):
    """A deployment that gets mirrored requests."""

    name: Required[str]
    target_deployment_id: Required[str]
    description: str
