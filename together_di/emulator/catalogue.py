"""The models that the emulator says it hosts."""

from __future__ import annotations

from dataclasses import dataclass

from .generation import EPOCH

CREATED_AT = "2026-01-01T00:00:00Z"


@dataclass(frozen=True, slots=True)
class CatalogueModel:
    """One hosted model, in the two shapes that the API has for it."""

    name: str
    title: str
    kind: str
    context_length: int | None = None

    @property
    def identifier(self) -> str:
        """The id under `/v2/supported-models`."""
        return "sm-" + self.name.rpartition("/")[2].lower().replace(".", "-")

    @property
    def publisher(self) -> str:
        """The organization in the model's name."""
        return self.name.partition("/")[0]

    def as_info(self) -> dict[str, object]:
        """Return the entry of `GET /v1/models`."""
        info: dict[str, object] = {
            "id": self.name,
            "object": "model",
            "created": EPOCH,
            "type": self.kind,
            "display_name": self.title,
            "organization": self.publisher,
            "license": "other",
            "pricing": {"hourly": 0, "input": 0, "output": 0, "base": 0, "finetune": 0},
        }
        return info if self.context_length is None else info | {"context_length": self.context_length}

    def as_supported(self) -> dict[str, object]:
        """Return the entry of `GET /v2/supported-models`."""
        capabilities, inputs, outputs = _KINDS[self.kind]
        supported: dict[str, object] = {
            "id": self.identifier,
            "name": self.name,
            "displayName": self.title,
            "displayType": self.kind,
            "publisher": self.publisher,
            "baseModel": self.name,
            "baseModelId": f"base-{self.identifier}",
            "capabilities": capabilities,
            "inputModalities": inputs,
            "outputModalities": outputs,
            "products": ["PRODUCT_SERVERLESS"],
            "status": "SUPPORTED_MODEL_STATUS_SUPPORTED",
            "deploymentProfiles": [],
            "createdAt": CREATED_AT,
            "updatedAt": CREATED_AT,
            "serverlessEndpoint": self.name,
            "pricing": {"input": 0.0, "output": 0.0},
        }
        if self.kind == "chat":
            supported["features"] = ["FEATURE_TOOL_CALLING", "FEATURE_STRUCTURED_OUTPUT"]
        return supported if self.context_length is None else supported | {"contextLength": str(self.context_length)}


_TEXT, _IMAGE, _AUDIO = ["MODALITY_TEXT"], ["MODALITY_IMAGE"], ["MODALITY_AUDIO"]
_KINDS = {
    "chat": (["CAPABILITY_CHAT"], _TEXT, _TEXT),
    "language": (["CAPABILITY_CHAT"], _TEXT, _TEXT),
    "embedding": (["CAPABILITY_EMBEDDING"], _TEXT, _TEXT),
    "rerank": (["CAPABILITY_RERANKING"], _TEXT, _TEXT),
    "image": (["CAPABILITY_IMAGE_GENERATION"], _TEXT, _IMAGE),
    "audio": (list[str](), _TEXT, _AUDIO),
    "transcribe": (list[str](), _AUDIO, _TEXT),
}

CATALOGUE = (
    CatalogueModel("meta-llama/Llama-3.3-70B-Instruct-Turbo", "Llama 3.3 70B Instruct Turbo", "chat", 131_072),
    CatalogueModel("openai/gpt-oss-20b", "GPT-OSS 20B", "chat", 131_072),
    CatalogueModel("Qwen/Qwen2.5-7B-Instruct-Turbo", "Qwen 2.5 7B Instruct Turbo", "chat", 32_768),
    CatalogueModel("mistralai/Mixtral-8x7B-v0.1", "Mixtral 8x7B", "language", 32_768),
    CatalogueModel("BAAI/bge-base-en-v1.5", "BGE Base EN v1.5", "embedding", 512),
    CatalogueModel("togethercomputer/m2-bert-80M-8k-retrieval", "M2-BERT 80M 8k", "embedding", 8_192),
    CatalogueModel("Salesforce/Llama-Rank-V1", "Llama Rank V1", "rerank", 8_192),
    CatalogueModel("black-forest-labs/FLUX.1-schnell", "FLUX.1 schnell", "image"),
    CatalogueModel("canopylabs/orpheus-3b-0.1-ft", "Orpheus 3B 0.1 FT", "audio"),
    CatalogueModel("cartesia/sonic", "Cartesia Sonic", "audio"),
    CatalogueModel("hexgrad/Kokoro-82M", "Kokoro 82M", "audio"),
    CatalogueModel("openai/whisper-large-v3", "Whisper large v3", "transcribe"),
)
