"""Results as a table in Markdown."""

from __future__ import annotations

from collections.abc import Iterator

from .measure import OURS, Result

HEADING = "\n".join(
    (
        "Median of one operation, and half the distance between the quartiles; ratios are medians over the rounds.",
        "",
        f"| {'case':27} | {'contender':16} | {'median':>9} |  +/- | / floor | / ours |",
        "|---|---|--:|--:|--:|--:|",
    )
)


def rows(result: Result) -> Iterator[str]:
    """A line for each contender of a case, the floor first."""
    case = result.case
    names = sorted(result.costs, key=lambda name: name != case.floor)
    for name in names:
        label = case.name if name == names[0] else ""
        cells = [
            f"{label:27}",
            f"{name:16}",
            f"{amount(result.median(name), case.unit):>9}",
            f"{result.spread(name):>4.0%}",
            f"{result.ratio(name, case.floor):>7.2f}",
            f"{result.ratio(name, OURS):>6.2f}" if OURS in result.costs else f"{'':6}",
        ]
        yield f"| {' | '.join(cells)} |"


def amount(value: float, unit: str) -> str:
    """`value` with a prefix that leaves three digits or so before the point."""
    if unit == "B":
        return f"{value / 1000:.1f} kB"
    return f"{value * 1e3:.2f} ms" if value >= 1e-2 else f"{value * 1e6:.1f} us"
