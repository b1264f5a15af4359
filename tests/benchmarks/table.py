"""Results as lines of one table."""

from __future__ import annotations

from .measure import FLOOR, OURS, Result

COLUMNS = (FLOOR, OURS, "transport", "together", "aiohttp")
RATIOS = ((OURS, FLOOR), (OURS, "transport"), ("together", OURS))

HEADING = "\n".join(
    (
        "Median of one operation (and half the distance between the quartiles); ratios are medians over the rounds.",
        f"{'case':28}" + "".join(f"{name:>17}" for name in COLUMNS) + "".join(f"{a:>12}/{b:9}" for a, b in RATIOS),
    )
)


def row(result: Result) -> str:
    """The line of one case."""
    cells = [
        f"{amount(result.median(name), result.case.unit):>10} ±{result.spread(name):4.0%}"
        if name in result.costs
        else ""
        for name in COLUMNS
    ]
    ratios = [f"{result.ratio(one, other):.2f}" if {one, other} <= result.costs.keys() else "" for one, other in RATIOS]
    return (
        f"{result.case.name:28}" + "".join(f"{cell:>17}" for cell in cells) + "".join(f"{cell:>22}" for cell in ratios)
    )


def amount(value: float, unit: str) -> str:
    """`value` with a prefix that leaves three digits or so before the point."""
    if unit == "B":
        return f"{value / 1024:.1f} kB"
    return f"{value * 1e3:.2f} ms" if value >= 1e-2 else f"{value * 1e6:.1f} us"
