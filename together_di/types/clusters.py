"""Types of `client.clusters`: https://docs.together.ai/reference/clusters-create."""

__all__: list[str] = []
