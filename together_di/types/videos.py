"""Types of `client.videos`: https://docs.together.ai/reference/create-videos."""

__all__: list[str] = []
