"""`together-di demo`: find passages in a text, answer a question from the best of them, and draw a picture."""

from __future__ import annotations

import binascii
import heapq
import os
import re
from base64 import b64decode
from collections import Counter
from collections.abc import Iterator, Sequence
from importlib.metadata import PackageNotFoundError, metadata
from operator import mul
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, NamedTuple, TextIO

from ._files import whole_file
from .errors import MissingAPIKeyError, TogetherError

if TYPE_CHECKING:
    from .client import Together
    from .container import TogetherContainer

__all__ = ["passages", "run"]

CHAT_MODEL = "meta-llama/Llama-3.3-70B-Instruct-Turbo"
EMBEDDING_MODEL = "BAAI/bge-base-en-v1.5"
RERANK_MODEL = "Salesforce/Llama-Rank-v1"
IMAGE_MODEL = "black-forest-labs/FLUX.1-schnell"

#: In UTF-8 bytes: the embedding model reads 512 tokens, and a token is seldom shorter than two or three bytes.
LONGEST_PASSAGE = 1200
BATCH = 16
NEAREST = 8
BEST = 3
#: FLUX.1-schnell is made for few steps, and refuses many.
IMAGE_STEPS = 4
IMAGE_SIZE = (768, 512)
_PREVIEW = 84
_MARKUP = re.compile(r"^(?:#{1,6} |(?:```|~~~).*)", re.MULTILINE)
_PLACES_TO_CUT = [re.compile(place) for place in (r"\n(?=[-*+] |\d+[.)] )", r"[.!?]\s", r"\n", r"\s")]


def run(file: Path | None, question: str, *, live: bool, output: Path, out: TextIO) -> None:
    """The demo from end to end.

    Args:
        file: The text, in UTF-8; `None` for the README of this package.
        question: What to find out.
        live: Ask the real API, with the user's settings, instead of the emulator in this process.
        output: Where the PNG goes; a file that is there is replaced at the end.
        out: Where to tell what happens.

    Raises:
        TogetherError: It could not be done; the message says why. No picture was written.
    """
    started = perf_counter()
    _check_writable(output)
    name, text = _readme() if file is None else (str(file), _read(file))
    found = passages(text)
    if not found:
        raise TogetherError(f"{name} has no text in it: choose another file.")
    screen = _Screen(out)
    container = _container(live=live)
    try:
        client = _client(container, live=live)
        demo = _Demo(client, screen, question)
        screen.facts(
            "together-di demo",
            text=f"{name} ({len(found):,} {'passage' if len(found) == 1 else 'passages'})",
            question=question,
            answers=f"from {client.base_url}" if live else "made up by the emulator; --live asks the real API",
        )
        demo.tell(found, output)
        demo.sum_up(output, perf_counter() - started)
    finally:
        container.close()
        screen.end_line()


def passages(text: str) -> list[str]:
    """The paragraphs of a text.

    A Markdown heading goes with the paragraph below it, fenced code stays in one piece, and what is longer than
    `LONGEST_PASSAGE` is cut, at the end of a list item, a sentence or a line if there is one.
    """
    found: list[str] = []
    headings: list[str] = []
    for block in _blocks(text):
        headings.append(block)
        if not re.fullmatch(r"#{1,6}\s.*", block):
            found += _pieces("\n\n".join(headings))
            headings = []
    return found + (["\n\n".join(headings)] if headings else [])


def _blocks(text: str) -> Iterator[str]:
    """What stands between blank lines; those inside fenced code do not count."""
    lines: list[str] = []
    fenced = False
    for line in [*text.splitlines(), ""]:
        if line.lstrip().startswith(("```", "~~~")):
            fenced = not fenced
        if line.strip() or (fenced and lines):
            lines.append(line.rstrip())
        elif lines:
            yield "\n".join(lines)
            lines = []
    if lines:
        yield "\n".join(lines).rstrip()


def _pieces(block: str) -> Iterator[str]:
    start = 0
    while start < len(block):
        piece = block[start : start + LONGEST_PASSAGE].encode()[:LONGEST_PASSAGE].decode(errors="ignore")
        if start + len(piece) < len(block):
            piece = piece[: _good_end(piece)]
        start += len(piece)
        if piece.strip():
            yield piece.strip()


def _good_end(piece: str) -> int:
    """Where to cut: before a list item, else after a sentence, a line or a word, if that is past the middle."""
    for place in _PLACES_TO_CUT:
        ends = [match.end() for match in place.finditer(piece, len(piece) // 2)]
        if ends:
            return ends[-1]
    return len(piece)


def _readme() -> tuple[str, str]:
    try:
        package = metadata("together-di")
    except PackageNotFoundError:
        raise TogetherError("together-di is not installed, so its README is not at hand: name a FILE.") from None
    return f"the README of together-di {package['Version']}", str(package.json.get("description", ""))


def _read(file: Path) -> str:
    try:
        data = file.read_bytes()
    except OSError as error:
        raise TogetherError(f"Cannot read {file}: {error.strerror or error}.") from error
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise TogetherError(
            f"{file} is not text in UTF-8 (see byte {error.start:,}): save it as UTF-8, or choose a text file."
        ) from None
    if "\0" in text:
        raise TogetherError(f"{file} is not text: it holds NUL characters. Choose a text or Markdown file.")
    return text


def _container(*, live: bool) -> TogetherContainer:
    from .container import TogetherContainer

    return TogetherContainer() if live else TogetherContainer(config={"transport": "embedded"})


def _client(container: TogetherContainer, *, live: bool) -> Together:
    try:
        client = container.client()
    except MissingAPIKeyError as error:
        raise TogetherError(f"{error}\nOr leave out --live: the demo needs no key then.") from error
    if live and client.client.transport == "embedded":
        raise TogetherError(
            "env TOGETHER_TRANSPORT=embedded keeps --live from the real API: unset it, or leave out --live."
        )
    return client


class _Passage(NamedTuple):
    score: float
    text: str


class _Demo:
    """The steps, each with what it tells; every call of the API is counted."""

    def __init__(self, client: Together, screen: _Screen, question: str) -> None:
        self._client = client
        self._screen = screen
        self._question = question
        self._calls: Counter[str] = Counter()

    def tell(self, found: Sequence[str], output: Path) -> None:
        nearest = self._nearest(found)
        best = self._reranked(nearest)
        self._answer(best)
        self._draw(output)

    def sum_up(self, output: Path, seconds: float) -> None:
        calls = ", ".join(f"{number} {name}" for name, number in self._calls.items())
        self._screen.facts(
            "Done",
            client=repr(self._client),
            transport=self._client.client.transport,
            calls=f"{self._calls.total()} ({calls})",
            time=f"{seconds:.2f} seconds",
            picture=str(output.resolve()),
        )

    def _counted(self, name: str) -> Together:
        """The client, for one more call."""
        self._calls[name] += 1
        return self._client

    def _nearest(self, found: Sequence[str]) -> list[_Passage]:
        self._screen.heading("Passages near the question", EMBEDDING_MODEL)
        [wanted] = self._vectors([self._question])
        scored: list[_Passage] = []
        for start in range(0, len(found), BATCH):
            batch = found[start : start + BATCH]
            vectors = self._vectors(batch)
            for vector, text in zip(vectors, batch, strict=True):
                scored.append(_Passage(sum(map(mul, wanted, vector)), text))
            self._screen.count("embedded", len(scored), len(found))
        nearest = heapq.nlargest(NEAREST, scored)
        self._screen.passages(nearest)
        return nearest

    def _vectors(self, texts: Sequence[str]) -> list[list[float]]:
        data = self._counted("embeddings").embeddings.create(model=EMBEDDING_MODEL, input=texts).data
        if not data or len(data) != len(texts):
            raise TogetherError(f"The API gave {len(data or ())} vectors for {len(texts)} texts.")
        return [item.embedding for item in data]

    def _reranked(self, nearest: Sequence[_Passage]) -> list[_Passage]:
        self._screen.heading("The best of them", RERANK_MODEL)
        answer = self._counted("rerank").rerank.create(
            model=RERANK_MODEL, query=self._question, documents=[passage.text for passage in nearest], top_n=BEST
        )
        if not answer.results:
            raise TogetherError("The API gave no ranking.")
        best = [_Passage(result.relevance_score, nearest[result.index].text) for result in answer.results[:BEST]]
        self._screen.passages(best)
        return best

    def _answer(self, best: Sequence[_Passage]) -> None:
        self._screen.heading("The answer", CHAT_MODEL)
        context = "\n\n".join(passage.text for passage in best)
        stream = self._counted("chat").chat.completions.create(
            model=CHAT_MODEL,
            messages=[
                {"role": "system", "content": f"Answer in a few sentences, from this text only:\n\n{context}"},
                {"role": "user", "content": self._question},
            ],
            max_tokens=400,
            stream=True,
        )
        with stream:
            for chunk in stream:
                for choice in chunk.choices or ():
                    self._screen.write(choice.delta.content or "")
        self._screen.end_line()

    def _draw(self, output: Path) -> None:
        self._screen.heading("A picture", IMAGE_MODEL)
        width, height = IMAGE_SIZE
        answer = self._counted("images").images.generate(
            model=IMAGE_MODEL,
            prompt=f"A calm, friendly illustration without any letters: {self._question}",
            width=width,
            height=height,
            steps=IMAGE_STEPS,
            response_format="base64",
            output_format="png",
        )
        picture = _decoded(answer.data[0].b64_json if answer.data else None)
        _write(output, picture)
        self._screen.line(f"  {output.name}: {width} x {height} pixels, {len(picture):,} bytes")


def _decoded(encoded: str | None) -> bytes:
    try:
        picture = b64decode(encoded or "", validate=True)
    except binascii.Error as error:
        raise TogetherError(f"The picture the API gave is not base64: {error}.") from error
    if not picture:
        raise TogetherError("The API gave no picture.")
    return picture


def _check_writable(output: Path) -> None:
    """Before anything is asked of the API: it may cost money."""
    folder = output.parent
    if not folder.is_dir():
        raise TogetherError(f"Cannot write {output}: there is no folder {folder}.")
    if output.is_dir():
        raise TogetherError(f"Cannot write {output}: it is a folder.")
    if not os.access(folder, os.W_OK):
        raise TogetherError(f"Cannot write {output}: no permission to write into {folder.resolve()}.")


def _write(output: Path, data: bytes) -> None:
    try:
        with whole_file(output) as write:
            write(data)
    except OSError as error:
        raise TogetherError(f"Cannot write {output}: {error.strerror or error}.") from error


class _Screen:
    """A terminal, or a file that stands in for one. It shows at once what is written, and any character somehow."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._within_line = False

    def write(self, text: str) -> None:
        encoding = self._out.encoding or "utf-8"
        self._out.write(text.encode(encoding, "replace").decode(encoding))
        self._out.flush()
        self._within_line = not text.endswith("\n") if text else self._within_line

    def line(self, text: str = "") -> None:
        self.write(f"{text}\n")

    def end_line(self) -> None:
        if self._within_line:
            self.line()

    def heading(self, text: str, model: str) -> None:
        self.line(f"\n{text} ({model})")

    def facts(self, title: str, **facts: str) -> None:
        self.line(f"\n{title}")
        for name, value in facts.items():
            self.line(f"  {name:<10} {value}")

    def count(self, what: str, done: int, total: int) -> None:
        """One line that counts on a terminal; elsewhere a line each time."""
        text = f"  {what} {done:,} of {total:,}"
        if not self._out.isatty():
            self.line(text)
        else:
            self.write(f"\r{text}" + ("\n" if done == total else ""))

    def passages(self, shown: Sequence[_Passage]) -> None:
        for passage in shown:
            text = " ".join(_MARKUP.sub("", passage.text).split())
            text = text if len(text) <= _PREVIEW else f"{text[:_PREVIEW].rstrip()}…"
            self.line(f"  {passage.score:6.3f}  {text}")
