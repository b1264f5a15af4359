"""Types of `client.organization`: https://docs.together.ai/reference."""

__all__: list[str] = []
