"""Types of `client.post_training`: https://docs.together.ai/reference."""

__all__: list[str] = []
