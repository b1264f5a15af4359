"""Types of `client.evals`: https://docs.together.ai/reference/create-evaluation."""

__all__: list[str] = []
