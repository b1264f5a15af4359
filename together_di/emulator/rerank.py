"""`POST /v1/rerank`: relevance by shared words, rare ones first."""

from __future__ import annotations

from pydantic_core import to_json

from .exchange import Json, Reply, Request, invalid, json_reply
from .generation import usage
from .parameters import Parameters, wrong_type
from .text import Rarity, content_stems, stem, words


def create_rerank(request: Request) -> Reply:
    """Rank documents by how much of the query they cover."""
    parameters = Parameters.parse(request.body)
    model, query = parameters.text("model"), parameters.text("query")
    documents = _documents(parameters)
    if not documents:
        raise invalid("documents", "`documents` is empty: send at least one.")
    fields = parameters.strings("rank_fields")
    limit = parameters.integer("top_n", minimum=1)
    with_documents = parameters.flag("return_documents")
    texts = [_ranked_text(document, fields) for document in documents]
    scores = _scores(query, texts)
    ranked = sorted(range(len(documents)), key=lambda index: -scores[index])[:limit]
    return json_reply(
        {
            "object": "rerank",
            "id": request.identifier("rerank"),
            "model": model,
            "results": [
                {
                    "index": index,
                    "relevance_score": scores[index],
                    "document": {"text": _full_text(documents[index])} if with_documents else {},
                }
                for index in ranked
            ],
            "usage": usage([query, *texts], []),
        }
    )


def _documents(parameters: Parameters) -> list[Json]:
    parameters.required("documents")
    documents = parameters.items("documents")
    for index, document in enumerate(documents):
        if not isinstance(document, (str, dict)):
            raise wrong_type(f"documents.{index}", "a string or an object", document)
    return documents


def _ranked_text(document: Json, fields: list[str]) -> str:
    if not isinstance(document, dict):
        return str(document)
    chosen = fields or list(document)
    values = (document.get(name) for name in chosen)
    return "\n".join(value if isinstance(value, str) else to_json(value).decode() for value in values)


def _full_text(document: Json) -> str:
    return document if isinstance(document, str) else to_json(document).decode()


def _scores(query: str, texts: list[str]) -> list[float]:
    # A query of stop words alone still has words to share.
    wanted = set(content_stems(query)) or {stem(word) for word in words(query)}
    stems = [[stem(word) for word in words(text)] for text in texts]
    rarity = Rarity(stems)
    return [round(_score(rarity, wanted, found), 6) for found in stems]


def _score(rarity: Rarity, wanted: set[str], found: list[str]) -> float:
    """Weigh the share of the query covered, with a little for how much of the text is about it."""
    coverage = rarity.coverage(wanted, set(found))
    density = sum(word in wanted for word in found) / len(found) if found else 0.0
    return 0.9 * coverage + 0.1 * density
