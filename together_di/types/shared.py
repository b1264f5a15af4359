"""Types that several namespaces use."""

from typing import Literal, TypedDict

from ._base import BaseModel

__all__ = [
    "FinishReason",
    "LogProbs",
    "PromptPart",
    "ToolCall",
    "ToolCallFunction",
    "ToolCallFunctionParam",
    "ToolCallParam",
    "ToolFunctionParam",
    "ToolParam",
    "Usage",
]

FinishReason = Literal["stop", "eos", "length", "tool_calls", "function_call"]


class Usage(BaseModel):
    """Tokens a request took."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class LogProbs(BaseModel):
    """Log probabilities, one entry for each token."""

    token_ids: list[float] | None = None
    tokens: list[str] | None = None
    token_logprobs: list[float | None] | None = None
    top_logprobs: dict[str, float] | list[dict[str, float]] | None = None


class PromptPart(BaseModel):
    """The prompt, given back when `echo` is set."""

    text: str | None = None
    logprobs: LogProbs | None = None


class ToolCallFunction(BaseModel):
    """The function a model wants to be called, with its arguments as JSON text."""

    name: str
    arguments: str


class ToolCall(BaseModel):
    """A call that a model asks for."""

    id: str
    type: Literal["function"]
    function: ToolCallFunction
    index: float | None = None


class ToolCallFunctionParam(TypedDict):
    """The function part of a tool call that is sent back."""

    name: str
    arguments: str


class _ToolCallParam(TypedDict):
    id: str
    type: Literal["function"]
    function: ToolCallFunctionParam


class ToolCallParam(_ToolCallParam, total=False):
    """A tool call of an earlier answer, sent back as part of the conversation."""

    index: float


class ToolFunctionParam(TypedDict, total=False):
    """A function that a model may call: its name, what it does, and a JSON Schema of its parameters."""

    name: str
    description: str
    parameters: dict[str, object]


class ToolParam(TypedDict, total=False):
    """A tool that a model may use; `type` is `"function"`."""

    type: str
    function: ToolFunctionParam
