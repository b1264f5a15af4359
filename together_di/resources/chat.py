"""`client.chat`: https://docs.together.ai/reference/chat-completions-1."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from ..endpoint import post
from ..resource import M, Raw, Resource, Streamed

if TYPE_CHECKING:
    from typing import Unpack

    from ..engine import Engine
    from ..types.chat import ChatCompletion, ChatCompletionChunk, ChatCompletionCreateParams


class Completions(Resource[M]):
    """Answers of a chat model."""

    name = "chat.completions"
    with_raw_response: Completions[Raw[M]]
    with_streaming_response: Completions[Streamed[M]]

    @post("/v1/chat/completions")
    def _create(
        self, *, stream: Literal[False] = False, **params: Unpack[ChatCompletionCreateParams]
    ) -> ChatCompletion:
        """Have a model answer a conversation.

        Args:
            messages: The conversation, each message with its `role` and `content`.
            model: The model's name.
            stream: Give the answer in chunks as it is written, instead of at the end.
            max_tokens: The most tokens to write, for each answer.
            temperature: 0 for the likeliest words, more for variety.
            top_p: Choose among the likeliest tokens whose probabilities add up to this.
            top_k: Choose among this many of the likeliest tokens.
            min_p: Leave out tokens less likely than this, relative to the likeliest.
            stop: Stop before any of these texts.
            n: How many answers to write.
            seed: For the same answer to the same request.
            frequency_penalty: -2.0 to 2.0; more avoids what has been said often.
            presence_penalty: -2.0 to 2.0; more moves on to new topics.
            repetition_penalty: More avoids repeating sequences.
            logit_bias: From token to how much likelier it is made.
            logprobs: 0 to 20: give log probabilities of that many tokens at each place.
            echo: Give the prompt back, too.
            tools: Functions the model may ask to have called.
            tool_choice: `"auto"`, `"none"`, `"required"`, or the tool to use.
            function_call: The older form of `tool_choice`.
            response_format: Plain text, a JSON object, or JSON that fits a schema.
            reasoning: Switches reasoning on or off, where the model can.
            reasoning_effort: `"low"`, `"medium"` or `"high"`.
            safety_model: The model that checks the text.
            context_length_exceeded_behavior: `"error"`, or `"truncate"` to lower `max_tokens` to what fits.
            chat_template_kwargs: Passed to the model's chat template.
            compliance: `"hipaa"` for endpoints that comply with it.

        Returns:
            The answer; with `stream=True` a `Stream` of `ChatCompletionChunk`.

        Raises:
            APIStatusError: The API refused; the subclass tells why.
            APIConnectionError: There was no answer.
            TypeError: An argument is missing or unknown; nothing was sent.
        """
        ...

    @_create.streaming
    def create(self, *, stream: Literal[True], **params: Unpack[ChatCompletionCreateParams]) -> ChatCompletionChunk:
        """The same in chunks."""
        ...


class Chat(Resource[M]):
    """Conversations."""

    name = "chat"
    with_raw_response: Chat[Raw[M]]
    with_streaming_response: Chat[Streamed[M]]

    def __init__(self, engine: Engine[Any]) -> None:
        super().__init__(engine)
        self.completions: Completions[M] = Completions(engine)
