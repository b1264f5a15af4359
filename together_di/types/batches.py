"""Types of `client.batches`: https://docs.together.ai/reference/get-batches."""

__all__: list[str] = []
