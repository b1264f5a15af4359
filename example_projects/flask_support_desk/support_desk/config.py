"""What can be changed; `FLASK_CHAT_MODEL=...` in the environment changes it without touching this file."""

#: An address for SQLAlchemy. Without one, the database is a file in `instance/`.
DATABASE_URL = ""

#: Options of the client that are the same everywhere; the key belongs into the environment, as `TOGETHER_API_KEY`.
TOGETHER = {"timeout": 30}

CHAT_MODEL = "meta-llama/Llama-3.3-70B-Instruct-Turbo"
EMBEDDING_MODEL = "BAAI/bge-base-en-v1.5"
RERANK_MODEL = "Salesforce/Llama-Rank-V1"
