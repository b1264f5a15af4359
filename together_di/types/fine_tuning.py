"""Types of `client.fine_tuning`: https://docs.together.ai/reference/post-fine-tunes."""

__all__: list[str] = []
