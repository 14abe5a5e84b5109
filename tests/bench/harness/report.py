"""The table that people read."""

from __future__ import annotations

from .row import PEER_NAMES, Row


def number(value: float) -> str:
    """Three digits that count, and no more."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def with_unit(values: list[float], middle: float, unit: str) -> str:
    return f"{number(middle)} {unit}" if values else "-"


def peer_cells(row: Row, peer: str) -> tuple[str, str, str]:
    ratio, spread = row.ratio(peer), row.ratio_spread(peer)
    values = row.peers.get(peer, [])
    return (
        with_unit(values, row.peer_value(peer) if values else 0, row.unit),
        "" if ratio is None else f"{number(ratio)}x",
        "" if spread is None or len(row.ours) < 2 else f"{number(spread[0])}-{number(spread[1])}",
    )


def cells(row: Row, peers: list[str]) -> tuple[str, ...]:
    return (
        row.title,
        with_unit(row.ours, row.value if row.ours else 0, row.unit),
        *(cell for peer in peers for cell in peer_cells(row, peer)),
        row.expectation.text if row.expectation else "",
        {True: "met", False: "NOT MET", None: ""}[row.met],
        row.note,
    )


def table(rows: list[Row], peers: list[str]) -> str:
    headings = ("", "leaklab", *(word for peer in peers for word in (PEER_NAMES[peer], "better by", "(of pairs)")),
                "expected", "", "")
    lines = [headings, *(cells(row, peers) for row in rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(headings))]
    left = {0, *range(len(headings) - 3, len(headings))}
    return "\n".join("  ".join(text.ljust(width) if i in left else text.rjust(width)
                               for i, (text, width) in enumerate(zip(line, widths))).rstrip() for line in lines)


def heading(machine: dict) -> str:
    lines = [f"{machine['cpu']}, {machine['cores']} cores, {machine['memory_bytes'] / 1e9:.0f} GB, "
             f"{machine['system']}, kernel {machine['kernel']}",
             "; ".join(machine[tool] for tool in ("compiler", "go", "rust", "wrk") if machine[tool])]
    if machine["load_average"][0] > 0.5:
        lines.append(f"Others were using this machine when it began (load {machine['load_average'][0]:.1f}): "
                     "ratios are worth more than numbers.")
    return "\n".join(lines)
