"""Types of `client.endpoints`: https://docs.together.ai/reference/listendpoints."""

__all__: list[str] = []
