"""The results of `growth` and of concurrent calls as plots."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from . import plot
from .growth import PLOTTED
from .measure import Result

#: For each file: how the names of its cases start, what the plot is called, and what its horizontal axis is.
FILES = {
    "concurrency.svg": ("async-call-", "Time per call", "calls at once"),
    "chunks.svg": ("chunks-", "Time of a streamed answer, async", "chunks"),
    "response-size.svg": ("answer-", "Time of a call, async", "bytes of text in the answer"),
    "body-size.svg": ("body-", "Time of a call, async", "bytes of text in the question"),
}


def draw(results: dict[str, Result], folder: Path) -> None:
    """Write the files whose cases were measured."""
    folder.mkdir(parents=True, exist_ok=True)
    for file, (start, title, horizontal) in FILES.items():
        lines: dict[str, plot.Line] = {name: [] for name in PLOTTED}
        for number, result in _numbered(results, start):
            for name in lines.keys() & result.costs.keys():
                lines[name].append((number, result.median(name)))
        drawn = {name: line for name, line in lines.items() if line}
        if drawn:
            (folder / file).write_text(plot.chart(title, horizontal, drawn))


def _numbered(results: dict[str, Result], start: str) -> Iterator[tuple[int, Result]]:
    for name, result in results.items():
        number = name.removeprefix(start)
        if name.startswith(start) and number.isdecimal():
            yield int(number), result
