"""Types of `client.post_training.supported_models`: https://docs.together.ai/reference."""

from typing import Literal

from .._base import BaseModel

__all__ = [
    "RlSupportedModel", "RlSupportedModelComputeConfig", "RlSupportedModelFullTraining",
    "RlSupportedModelGeneratorConfig", "RlSupportedModelLoraTraining", "RlSupportedModelSamplingDefaults",
    "RlSupportedModelTrainerConfig", "RlSupportedModels",
]  # fmt: skip


class RlSupportedModelSamplingDefaults(BaseModel):
    """How is sampled where a call says nothing else."""

    logprobs: int
    max_tokens: int
    n: int
    temperature: float


class RlSupportedModelGeneratorConfig(BaseModel):
    """What sampling can do; lengths in tokens."""

    context_length: int
    sampling_defaults: RlSupportedModelSamplingDefaults


class RlSupportedModelFullTraining(BaseModel):
    """Limits of training all weights; lengths in tokens."""

    max_batch_size: int
    max_seq_length: int


class RlSupportedModelLoraTraining(RlSupportedModelFullTraining):
    """Limits of training a LoRA adapter."""

    max_rank: int


class RlSupportedModelTrainerConfig(BaseModel):
    """Limits of training."""

    full: RlSupportedModelFullTraining | None = None
    lora: RlSupportedModelLoraTraining | None = None


class RlSupportedModelComputeConfig(BaseModel):
    """Hardware a model can be trained on."""

    gpu_type: Literal["B200-SXM"]
    generator_config: RlSupportedModelGeneratorConfig | None = None
    trainer_config: RlSupportedModelTrainerConfig | None = None


class RlSupportedModel(BaseModel):
    """A model that can be trained step by step."""

    base_model: str
    default_gpu_type: Literal["B200-SXM"]
    compute_configs: list[RlSupportedModelComputeConfig] | None = None


class RlSupportedModels(BaseModel):
    """The answer to `supported_models.get`."""

    data: list[RlSupportedModel]
