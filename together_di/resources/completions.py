"""`client.completions`: https://docs.together.ai/reference/completions-1."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from ..endpoint import post
from ..resource import M, Raw, Resource, Streamed

if TYPE_CHECKING:
    from typing import Unpack

    from ..types.completions import Completion, CompletionChunk, CompletionCreateParams


class Completions(Resource[M]):
    """Continuations of a text."""

    name = "completions"
    with_raw_response: Completions[Raw[M]]
    with_streaming_response: Completions[Streamed[M]]

    @post("/v1/completions")
    def _create(self, *, stream: Literal[False] = False, **params: Unpack[CompletionCreateParams]) -> Completion:
        """Have a model continue a text.

        Args:
            prompt: The text.
            model: The model's name.
            stream: Give the continuation in chunks as it is written, instead of at the end.
            max_tokens: The most tokens to write, for each continuation.
            temperature: 0 for the likeliest words, more for variety.
            top_p: Choose among the likeliest tokens whose probabilities add up to this.
            top_k: Choose among this many of the likeliest tokens.
            min_p: Leave out tokens less likely than this, relative to the likeliest.
            stop: Stop before any of these texts.
            n: How many continuations to write.
            seed: For the same continuation of the same text.
            frequency_penalty: -2.0 to 2.0; more avoids what has been said often.
            presence_penalty: -2.0 to 2.0; more moves on to new topics.
            repetition_penalty: More avoids repeating sequences.
            logit_bias: From token to how much likelier it is made.
            logprobs: 0 to 20: give log probabilities of that many tokens at each place.
            echo: Give the prompt back, too.
            safety_model: The model that checks the text.

        Returns:
            The continuation; with `stream=True` a `Stream` of `CompletionChunk`.
        """
        ...

    @_create.streaming
    def create(self, *, stream: Literal[True], **params: Unpack[CompletionCreateParams]) -> CompletionChunk:
        """The same in chunks."""
        ...
