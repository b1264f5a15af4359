"""What can be changed without touching the code; `SUPPORT_DESK_CHAT_MODEL=...` in the environment changes it."""

from __future__ import annotations

from pathlib import Path

from pydantic_settings import BaseSettings, SettingsConfigDict

_PROJECT = Path(__file__).parents[1]


class Settings(BaseSettings):
    """The settings of the desk; those of the client, such as its key, are `TOGETHER_...`.

    Attributes:
        database_url: Where conversations and vectors are kept: an address for SQLAlchemy, with an async driver.
        documents: The folder of the Markdown files that answers come from.
        chat_model: Writes the answers.
        embedding_model: Turns passages and questions into vectors.
        rerank_model: Says which of the nearest passages fit best.
    """

    model_config = SettingsConfigDict(env_prefix="SUPPORT_DESK_")

    database_url: str = f"sqlite+aiosqlite:///{_PROJECT / 'support_desk.sqlite3'}"
    documents: Path = _PROJECT / "support_desk" / "documents"
    chat_model: str = "meta-llama/Llama-3.3-70B-Instruct-Turbo"
    embedding_model: str = "BAAI/bge-base-en-v1.5"
    rerank_model: str = "Salesforce/Llama-Rank-V1"
