"""Types of `client.projects`: https://docs.together.ai/reference."""

__all__: list[str] = []
