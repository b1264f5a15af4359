"""An answerer without a model: it quotes the sentences of the context that fit the question."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .text import Rarity, content_stems, sentences

if TYPE_CHECKING:
    from collections.abc import Sequence

_MOST_SENTENCES = 3
_LEAD_SENTENCES = 2
_LEAST_COVERAGE = 0.2
_SHARE_OF_BEST = 0.6
_LONGEST_QUOTE = 200

_QUESTION_MARKS = ("?", "？", "؟")  # noqa: RUF001
_LABEL = re.compile(r"^(?:question|query|q|user|context|frage|answer|a)\s*:\s*", re.IGNORECASE)
# A program is no sentence to answer with.
_CODE = re.compile(r"^(```|~~~).*?(?:^\1|\Z)", re.MULTILINE | re.DOTALL)
# Sentences that tell a model what to do say nothing about the subject.
_INSTRUCTION = re.compile(
    r"(?:you are|you're|you will be|your (?:task|job|role)|answer|reply|respond|act as"
    r"|be (?:brief|concise|helpful)|(?:please )?(?:only )?use (?:only )?(?:the|this|these)"
    r"|do not|don't|if you (?:do not|don't|cannot|can't))\b",
    re.IGNORECASE,
)


def question_of(text: str) -> str:
    """Return the question in a message: its last interrogative sentence, else its instruction.

    Without a question mark that is the opening line if it announces what follows (`Summarise:`), else the
    last sentence.
    """
    parts = sentences(text)
    if not parts:
        return text.strip()
    for part in reversed(parts):
        if part.rstrip("\"'»”)").endswith(_QUESTION_MARKS):
            return _LABEL.sub("", part)
    chosen = parts[0] if parts[0].endswith(":") else parts[-1]
    return _LABEL.sub("", chosen) or parts[-1]


def answer(question: str, context: Sequence[str]) -> str:
    """Answer from the context texts, or with a fixed sentence that quotes the question."""
    return extract(question, context) or _fixed_answer(question)


def extract(question: str, context: Sequence[str]) -> str:
    """Return the one to three sentences of the context that best cover the question, in their order.

    A question that announces a text (`Summarise this:`) gets the beginning of the context. Returns an empty
    string when no sentence covers enough of the question.
    """
    query = set(content_stems(question))
    if not query:
        return ""
    candidates = _candidates(question, context)
    if not candidates:
        return ""
    if question.endswith(":"):
        return " ".join(candidates[:_LEAD_SENTENCES])
    stems = [set(content_stems(sentence)) for sentence in candidates]
    rarity = Rarity(stems)
    scores = [rarity.coverage(query, found) for found in stems]
    best = max(scores)
    if best < _LEAST_COVERAGE:
        return ""
    ranked = sorted(range(len(candidates)), key=lambda index: -scores[index])[:_MOST_SENTENCES]
    chosen = sorted(index for index in ranked if scores[index] >= best * _SHARE_OF_BEST)
    return " ".join(candidates[index] for index in chosen)


def _candidates(question: str, context: Sequence[str]) -> list[str]:
    found: dict[str, None] = {}
    for text in context:
        for sentence in sentences(_CODE.sub("\n\n", text)):
            plain = _LABEL.sub("", sentence)
            asks = plain.endswith((*_QUESTION_MARKS, ":"))
            if plain and plain != question and not asks and not _INSTRUCTION.match(plain):
                found[plain] = None
    return list(found)


def _fixed_answer(question: str) -> str:
    if not question:
        return "The emulator has nothing to answer: the conversation holds no text."
    quote = question if len(question) <= _LONGEST_QUOTE else question[:_LONGEST_QUOTE] + "…"
    return f"This is the emulator: it answers from the texts it is given, and there is no context about “{quote}”."
