"""Types of `client.chat`: https://docs.together.ai/reference/chat-completions-1."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, TypeAlias, TypedDict

from .._sentinels import NotGiven
from ..request import RequestOptions
from ._base import BaseModel
from .shared import FinishReason, LogProbs, PromptPart, ToolCall, ToolCallParam, ToolParam, Usage

__all__ = [
    "ChatCompletion",
    "ChatCompletionAssistantMessageParam",
    "ChatCompletionChoice",
    "ChatCompletionChunk",
    "ChatCompletionChunkChoice",
    "ChatCompletionCreateParams",
    "ChatCompletionDelta",
    "ChatCompletionMessage",
    "ChatCompletionMessageParam",
    "ChatCompletionSystemMessageParam",
    "ChatCompletionToolMessageParam",
    "ChatCompletionUsage",
    "ChatCompletionUserMessageParam",
    "ChatCompletionWarning",
    "ContentPartParam",
    "DeltaToolCall",
    "DeltaToolCallFunction",
]

ChatCompletionUsage = Usage


class ChatCompletionMessage(BaseModel):
    """What the model said."""

    role: Literal["assistant"]
    content: str | None = None
    reasoning: str | None = None
    reasoning_content: str | None = None
    tool_calls: list[ToolCall] | None = None


class ChatCompletionChoice(BaseModel):
    """One of the `n` answers."""

    message: ChatCompletionMessage
    index: int | None = None
    finish_reason: FinishReason | None = None
    logprobs: LogProbs | None = None
    top_logprobs: dict[str, float] | None = None
    seed: int | None = None
    text: str | None = None


class ChatCompletionWarning(BaseModel):
    """Something about the request that the API put right or passed over."""

    message: str


class ChatCompletion(BaseModel):
    """The answer to `chat.completions.create`."""

    id: str
    object: Literal["chat.completion"]
    created: int
    model: str
    choices: list[ChatCompletionChoice]
    prompt: list[PromptPart] | None = None
    usage: Usage | None = None
    warnings: list[ChatCompletionWarning] | None = None


class DeltaToolCallFunction(BaseModel):
    """A piece of a function call: the name comes once, the arguments bit by bit."""

    name: str | None = None
    arguments: str | None = None


class DeltaToolCall(BaseModel):
    """A piece of a tool call; the pieces of one call share `index`."""

    index: float | None = None
    id: str | None = None
    type: Literal["function"] | None = None
    function: DeltaToolCallFunction | None = None


class ChatCompletionDelta(BaseModel):
    """What a chunk adds to the message."""

    role: Literal["system", "user", "assistant", "function", "tool"] | None = None
    content: str | None = None
    reasoning: str | None = None
    reasoning_content: str | None = None
    token_id: int | None = None
    tool_calls: list[DeltaToolCall] | None = None


class ChatCompletionChunkChoice(BaseModel):
    """A chunk's share of one of the `n` answers."""

    index: int
    delta: ChatCompletionDelta
    finish_reason: FinishReason | None = None
    logprobs: float | LogProbs | None = None
    top_logprobs: dict[str, float] | None = None
    seed: int | None = None


class ChatCompletionChunk(BaseModel):
    """A piece of a streamed answer; the last has the usage and may have no choices."""

    id: str
    object: Literal["chat.completion.chunk"]
    created: int
    model: str
    choices: list[ChatCompletionChunkChoice]
    system_fingerprint: str | None = None
    usage: Usage | None = None
    warnings: list[ChatCompletionWarning] | None = None


class _Named(TypedDict, total=False):
    name: str


class ChatCompletionSystemMessageParam(_Named):
    """Instructions to the model."""

    role: Literal["system"]
    content: str


class URLParam(TypedDict):
    """Where an image, a video or a sound is: an http(s) or a `data:` URL."""

    url: str


class TextPartParam(TypedDict):
    """Text in a message of several parts."""

    type: Literal["text"]
    text: str


class ImagePartParam(TypedDict):
    """A picture in a message."""

    type: Literal["image_url"]
    image_url: URLParam


class VideoPartParam(TypedDict):
    """A video in a message."""

    type: Literal["video_url"]
    video_url: URLParam


class AudioPartParam(TypedDict):
    """A sound in a message."""

    type: Literal["audio_url"]
    audio_url: URLParam


class InputAudioParam(TypedDict):
    """A sound, base64 encoded."""

    data: str
    format: Literal["wav"]


class InputAudioPartParam(TypedDict):
    """A sound in a message, sent along."""

    type: Literal["input_audio"]
    input_audio: InputAudioParam


ContentPartParam: TypeAlias = TextPartParam | ImagePartParam | VideoPartParam | AudioPartParam | InputAudioPartParam


class ChatCompletionUserMessageParam(_Named):
    """What the user said: text, or parts of several kinds."""

    role: Literal["user"]
    content: str | Iterable[ContentPartParam]


class ChatCompletionToolMessageParam(_Named):
    """What a tool gave back."""

    role: Literal["tool"]
    content: str
    tool_call_id: str


class _AssistantRole(_Named):
    role: Literal["assistant"]


class ChatCompletionAssistantMessageParam(_AssistantRole, total=False):
    """What the model said before."""

    content: str | None
    reasoning: str | None
    reasoning_content: str | None
    tool_calls: Iterable[ToolCallParam]


ChatCompletionMessageParam: TypeAlias = (
    ChatCompletionSystemMessageParam
    | ChatCompletionUserMessageParam
    | ChatCompletionAssistantMessageParam
    | ChatCompletionToolMessageParam
    | ChatCompletionMessage
)


class FunctionNameParam(TypedDict):
    """The function that must be called."""

    name: str


class NamedToolChoiceParam(TypedDict):
    """The tool that must be used."""

    type: Literal["function"]
    function: FunctionNameParam


class ReasoningParam(TypedDict, total=False):
    """Whether a model that can reason does so."""

    enabled: bool


class TextFormatParam(TypedDict):
    """Plain text, the default."""

    type: Literal["text"]


class JSONObjectFormatParam(TypedDict):
    """Any JSON object."""

    type: Literal["json_object"]


class _NamedSchema(TypedDict):
    name: str


class JSONSchemaParam(_NamedSchema, total=False):
    """A named JSON Schema."""

    description: str
    schema: Mapping[str, object]
    strict: bool | None


class JSONSchemaFormatParam(TypedDict):
    """JSON that fits a schema."""

    type: Literal["json_schema"]
    json_schema: JSONSchemaParam


class _Required(TypedDict):
    messages: Iterable[ChatCompletionMessageParam]
    model: str


class ChatCompletionCreateParams(_Required, RequestOptions, total=False):
    """Arguments of `chat.completions.create`."""

    chat_template_kwargs: object | NotGiven
    compliance: Literal["hipaa"] | NotGiven
    context_length_exceeded_behavior: Literal["truncate", "error"] | NotGiven
    echo: bool | NotGiven
    frequency_penalty: float | NotGiven
    function_call: Literal["none", "auto"] | FunctionNameParam | NotGiven
    logit_bias: Mapping[str, float] | NotGiven
    logprobs: int | NotGiven
    max_tokens: int | NotGiven
    min_p: float | NotGiven
    n: int | NotGiven
    presence_penalty: float | NotGiven
    reasoning: ReasoningParam | NotGiven
    reasoning_effort: Literal["low", "medium", "high"] | NotGiven
    repetition_penalty: float | NotGiven
    response_format: TextFormatParam | JSONObjectFormatParam | JSONSchemaFormatParam | NotGiven
    safety_model: str | NotGiven
    seed: int | NotGiven
    stop: Sequence[str] | NotGiven
    temperature: float | NotGiven
    tool_choice: str | ToolCallParam | NamedToolChoiceParam | NotGiven
    tools: Iterable[ToolParam] | NotGiven
    top_k: int | NotGiven
    top_p: float | NotGiven
