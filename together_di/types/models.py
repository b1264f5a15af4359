"""Types of `client.models`: https://docs.together.ai/reference/models-1."""

from datetime import datetime
from typing import Literal, TypeAlias

from pydantic import Field

from ._base import BaseModel, CamelModel

__all__ = [
    "AdapterMode",
    "Certification",
    "Config",
    "Modality",
    "Model",
    "ModelDeleteResponse",
    "ModelDtypeCount",
    "ModelFile",
    "ModelListFilesResponse",
    "ModelListRevisionsResponse",
    "ModelParameters",
    "ModelRevision",
    "ModelRevisionError",
    "ModelVisibility",
    "ModelWeights",
    "Product",
    "RemoteUpload",
    "RemoteUploadCreateResponse",
    "RemoteUploadEvent",
    "RemoteUploadEventsResponse",
    "RemoteUploadListResponse",
    "RemoteUploadRetrieveResponse",
    "Selector",
    "SupportedModel",
    "SupportedModelDeploymentProfile",
    "SupportedModelPerformanceBenchmarks",
    "SupportedModelPricing",
]

ModelVisibility: TypeAlias = Literal["VISIBILITY_PRIVATE", "VISIBILITY_INTERNAL"]
Modality: TypeAlias = Literal["MODALITY_TEXT", "MODALITY_IMAGE", "MODALITY_AUDIO", "MODALITY_VIDEO"]
AdapterMode: TypeAlias = Literal["ADAPTER_MODE_FIXED", "ADAPTER_MODE_DYNAMIC", "ADAPTER_MODE_DISABLED"]
Product: TypeAlias = Literal["PRODUCT_SERVERLESS", "PRODUCT_DEDICATED", "PRODUCT_FINE_TUNING"]


class ModelDtypeCount(CamelModel):
    """How many parameters have one data type; the count is a decimal number as text."""

    dtype: str
    count: str


class ModelParameters(CamelModel):
    """How many parameters a model has; counts are decimal numbers as text."""

    total: str
    by_dtype: list[ModelDtypeCount]


class ModelWeights(CamelModel):
    """What the weights are."""

    architecture: str | None = None
    context_length: str | None = None
    draft_speculator_type: Literal["DRAFT_SPECULATOR_TYPE_EAGLE", "DRAFT_SPECULATOR_TYPE_PHOENIX"] | None = None
    parameters: ModelParameters | None = None
    speculator_mechanism: (
        Literal["SPECULATOR_MECHANISM_DRAFT", "SPECULATOR_MECHANISM_LOOKAHEAD", "SPECULATOR_MECHANISM_MTP"] | None
    ) = None
    type: Literal["WEIGHTS_TYPE_DEFAULT", "WEIGHTS_TYPE_SPECULATOR", "WEIGHTS_TYPE_ADAPTER"] | None = None


class Model(CamelModel):
    """A model of a project."""

    id: str
    name: str
    organization_id: str
    project_id: str
    visibility: ModelVisibility
    weights: ModelWeights
    base_model: str | None = None
    base_model_id: str | None = None
    description: str | None = None


class ModelDeleteResponse(CamelModel):
    """The answer to `models.delete`; it says nothing."""


class ModelFile(CamelModel):
    """A file of a model; its size in bytes is a decimal number as text."""

    path: str | None = None
    hash: str | None = None
    size_bytes: str | None = None


class ModelListFilesResponse(CamelModel):
    """The answer to `models.list_files`; its size in bytes is a decimal number as text."""

    object: Literal["list"]
    data: list[ModelFile]
    next_cursor: str | None = Field(default=None, alias="next_cursor")
    revision_id: str | None = None
    revision_created_at: datetime | None = None
    total_size_bytes: str | None = None


class ModelRevisionError(CamelModel):
    """What is wrong with a revision."""

    message: str | None = None
    rule: str | None = None
    severity: str | None = None


class ModelRevision(CamelModel):
    """A revision of a model."""

    revision_id: str
    created_at: datetime
    last_validated_at: datetime | None = None
    validation_errors: list[ModelRevisionError] | None = None
    validation_status: (
        Literal[
            "REVISION_VALIDATION_STATUS_PENDING",
            "REVISION_VALIDATION_STATUS_SUCCESS",
            "REVISION_VALIDATION_STATUS_FAILED",
            "REVISION_VALIDATION_STATUS_ERROR",
        ]
        | None
    ) = None


class ModelListRevisionsResponse(BaseModel):
    """The answer to `models.list_revisions`."""

    object: Literal["list"] | None = None
    data: list[ModelRevision] | None = None
    next_cursor: str | None = None


class SupportedModelPerformanceBenchmarks(CamelModel):
    """How fast a deployment was measured to be."""

    decoding_speed_tps: float | None = None
    max_context_length: str | None = None
    time_to_first_token_ms: int | None = None


class SupportedModelDeploymentProfile(CamelModel):
    """A way to deploy a model."""

    certified_config_revision_id: str
    certified_model_revision_id: str
    config: str
    gpu_count: int
    gpu_type: str
    model: str
    api_model_name: str = Field(alias="modelName")
    parallelism: str
    performance_benchmarks: SupportedModelPerformanceBenchmarks
    profile_id: str
    quantization: str
    adapter_mode: AdapterMode | None = None


class SupportedModelPricing(CamelModel):
    """Prices in dollars for each million tokens."""

    input: float | None = None
    output: float | None = None
    cached_input: float | None = None


class SupportedModel(CamelModel):
    """A model that Together serves."""

    id: str
    name: str
    display_name: str
    display_type: str
    publisher: str
    base_model: str
    base_model_id: str
    status: Literal[
        "SUPPORTED_MODEL_STATUS_RECOMMENDED",
        "SUPPORTED_MODEL_STATUS_SUPPORTED",
        "SUPPORTED_MODEL_STATUS_DEPRECATED",
        "SUPPORTED_MODEL_STATUS_HIDDEN",
    ]
    capabilities: list[
        Literal[
            "CAPABILITY_CHAT",
            "CAPABILITY_EMBEDDING",
            "CAPABILITY_RERANKING",
            "CAPABILITY_IMAGE_GENERATION",
            "CAPABILITY_VIDEO_GENERATION",
        ]
    ]
    products: list[Product | Literal["PRODUCT_RESERVED"]]
    input_modalities: list[Modality]
    output_modalities: list[Modality]
    deployment_profiles: list[SupportedModelDeploymentProfile]
    created_at: datetime
    updated_at: datetime
    architecture: str | None = None
    context_length: str | None = None
    description: str | None = None
    family_id: str | None = None
    features: list[Literal["FEATURE_TOOL_CALLING", "FEATURE_STRUCTURED_OUTPUT", "FEATURE_REASONING"]] | None = None
    input_format: str | None = None
    output_format: str | None = None
    pricing: SupportedModelPricing | None = None
    serverless_endpoint: str | None = None
    tags: list[str] | None = None


class RemoteUpload(CamelModel):
    """Files of a model on their way from somewhere else."""

    id: str
    created_at: datetime
    api_model_id: str = Field(alias="modelId")
    project_id: str
    remote_url: str
    status: Literal[
        "REMOTE_UPLOAD_STATUS_PENDING",
        "REMOTE_UPLOAD_STATUS_RUNNING",
        "REMOTE_UPLOAD_STATUS_ERROR",
        "REMOTE_UPLOAD_STATUS_SUCCEEDED",
        "REMOTE_UPLOAD_STATUS_FAILED",
    ]
    max_restarts: int | None = None
    restart_count: int | None = None
    status_message: str | None = None
    updated_at: datetime | None = None


# The official SDK has the same model under three names.
RemoteUploadCreateResponse: TypeAlias = RemoteUpload
RemoteUploadRetrieveResponse: TypeAlias = RemoteUpload
RemoteUploadListResponse: TypeAlias = RemoteUpload


class RemoteUploadEvent(CamelModel):
    """Something that happened during a remote upload."""

    id: str
    created_at: datetime
    level: Literal["LEVEL_DEBUG", "LEVEL_INFO", "LEVEL_WARN", "LEVEL_ERROR"]
    message: str
    type: str


class RemoteUploadEventsResponse(BaseModel):
    """The answer to `models.remote_uploads.events`."""

    data: list[RemoteUploadEvent]
    object: Literal["list"]
    next_cursor: str | None = None


class Selector(CamelModel):
    """What a configuration asks of hardware or runtime."""

    key: str
    value: str


class Certification(CamelModel):
    """Whether a model was found to work with a configuration."""

    certification_type: Literal["CERTIFICATION_TYPE_CERTIFIED", "CERTIFICATION_TYPE_UNCERTIFIED"]
    certified_at: datetime
    certified_by: str
    model: str
    api_model_revision_id: str = Field(alias="modelRevisionId")
    target: Literal["CERTIFICATION_TARGET_DE_SERVERLESS", "CERTIFICATION_TARGET_MRE"]
    draft_model: str | None = None
    draft_model_revision_id: str | None = None
    notes: str | None = None


class Config(CamelModel):
    """How a model is run: engine and hardware."""

    id: str
    certifications: list[Certification]
    project_id: str
    reference_model: str
    reference_model_id: str
    selectors: list[Selector]
    draft_model: str | None = None
