"""Types of `client.beta`: https://docs.together.ai/reference."""

__all__: list[str] = []
