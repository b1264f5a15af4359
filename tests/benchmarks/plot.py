"""Line charts as SVG, both axes logarithmic."""

from __future__ import annotations

import math
from collections.abc import Iterator

#: Of the whole picture, and of the space around the axes: left, top, right, bottom.
WIDTH, HEIGHT = 720, 440
LEFT, TOP, RIGHT, BOTTOM = 70, 40, 170, 50
COLOURS = ("#555555", "#d62728", "#ff9f1c", "#1f77b4", "#2ca02c", "#9467bd", "#8c564b", "#17becf")

#: The points of a line: the number on the horizontal axis, and the cost.
Line = list[tuple[float, float]]


def chart(title: str, horizontal: str, lines: dict[str, Line]) -> str:
    """The text of an SVG file; the vertical axis is in seconds."""
    across = _Axis([x for line in lines.values() for x, _ in line], LEFT, WIDTH - RIGHT)
    up = _Axis([y for line in lines.values() for _, y in line], HEIGHT - BOTTOM, TOP)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}"',
        '     font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        _text(LEFT, TOP - 16, title, 'font-size="15"'),
        _text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 12, horizontal, 'text-anchor="middle"'),
        *_grid(across, up),
        *(part for number, (name, line) in enumerate(lines.items()) for part in _line(number, name, line, across, up)),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


class _Axis:
    """Maps whole decades around `values` to the pixels between `start` and `end`."""

    def __init__(self, values: list[float], start: float, end: float) -> None:
        self.low = math.floor(math.log10(min(values)) + 1e-9)
        self.high = max(math.ceil(math.log10(max(values)) - 1e-9), self.low + 1)
        self._start, self._end = start, end

    def at(self, value: float) -> float:
        share = (math.log10(value) - self.low) / (self.high - self.low)
        return round(self._start + share * (self._end - self._start), 1)

    def decades(self) -> list[float]:
        return [10.0**power for power in range(self.low, self.high + 1)]


def _grid(across: _Axis, up: _Axis) -> Iterator[str]:
    for value in across.decades():
        x = across.at(value)
        yield f'<path d="M{x} {TOP}V{HEIGHT - BOTTOM}" stroke="#dddddd"/>'
        yield _text(x, HEIGHT - BOTTOM + 16, f"{value:,.0f}", 'text-anchor="middle"')
    for value in up.decades():
        y = up.at(value)
        yield f'<path d="M{LEFT} {y}H{WIDTH - RIGHT}" stroke="#dddddd"/>'
        yield _text(LEFT - 6, y + 4, _seconds(value), 'text-anchor="end"')


def _line(number: int, name: str, line: Line, across: _Axis, up: _Axis) -> Iterator[str]:
    colour = COLOURS[number % len(COLOURS)]
    points = [(across.at(x), up.at(y)) for x, y in line]
    path = " ".join(f"{x},{y}" for x, y in points)
    yield f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>'
    yield from (f'<circle cx="{x}" cy="{y}" r="3" fill="{colour}"/>' for x, y in points)
    y = TOP + 14 + 20 * number
    yield f'<path d="M{WIDTH - RIGHT + 12} {y - 4}h20" stroke="{colour}" stroke-width="3"/>'
    yield _text(WIDTH - RIGHT + 38, y, name)


def _text(x: float, y: float, text: str, more: str = "") -> str:
    return f'<text x="{x}" y="{y}" {more}>{text}</text>'


def _seconds(value: float) -> str:
    for unit, name in ((1, "s"), (1e-3, "ms"), (1e-6, "us")):
        if value >= 0.999 * unit:
            return f"{value / unit:.0f} {name}"
    return f"{value:g} s"
