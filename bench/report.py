"""The table on the terminal, results.json, and the picture."""

import json
from itertools import groupby
from math import log10
from pathlib import Path
from xml.sax.saxutils import escape

from rich.console import Console
from rich.table import Table

from bench.figures import Figure, Results

FOLDER = Path(__file__).resolve().parent
WIDTH, LEFT, RIGHT, ROW, TOP = 880, 400, 110, 22, 64
DECADES = (0.1, 1, 10, 100, 1000)
GOOD, BAD, PLAIN, INK, SOFT = "#2a7d4f", "#c0392b", "#7a8699", "#1d2733", "#d5dbe3"


def print_table(results: Results, console: Console) -> None:
    table = Table(title="chatops bench", title_justify="left", show_lines=False)
    for name in ("", "measured", "target", ""):
        table.add_column(name, justify="right" if name else "left")
    for group, figures in groupby(results.figures, key=lambda each: each.group):
        table.add_section()
        table.add_row(f"[bold]{group}[/bold]")
        for each in figures:
            mark = {None: "", True: "[green]✓[/green]", False: "[red]✗[/red]"}[each.is_met]
            target = f"≤ {each.target:g} {each.unit}" if each.target is not None else ""
            table.add_row(f"  {each.name}", f"{each.value:g} {each.unit}", target, mark)
    console.print(table)


def write_results(results: Results, folder: Path) -> None:
    text = json.dumps(results.to_json(), indent=1, ensure_ascii=False)
    (folder / "results.json").write_text(f"{text}\n")
    (folder / "results.svg").write_text(draw(results))


def draw(results: Results) -> str:
    """Milliseconds on a logarithmic scale; the mark on a line is its target. Reads in light and in dark."""
    shown = [each for each in results.figures if each.unit == "ms"]
    rows = [(group, list(figures)) for group, figures in groupby(shown, key=lambda each: each.group)]
    height = TOP + ROW * (len(shown) + len(rows)) + 24
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="system-ui, sans-serif" '
        f'font-size="13" fill="{INK}" role="img"><title>chatops bench: milliseconds, and their targets</title>'
        f'<rect width="{WIDTH}" height="{height}" rx="8" fill="#fff"/>',
        '<text x="16" y="26" font-size="16" font-weight="600">How soon chatops answers</text>',
        f'<text x="16" y="46" fill="{PLAIN}">{escape(_describe(results))}</text>',
    ]
    parts += [_draw_decade(millis, height) for millis in DECADES]
    y = TOP
    for group, figures in rows:
        y += ROW
        parts.append(f'<text x="16" y="{y}" font-weight="600">{escape(group)}</text>')
        for each in figures:
            y += ROW
            parts.append(_draw_figure(each, y))
    return "\n".join([*parts, "</svg>\n"])


def _describe(results: Results) -> str:
    machine = results.machine
    where = f"{machine['cores']} cores, Python {machine['python']}, {results.measured_at[:10]}"
    return f"{where} · bar: measured, mark: target"


def _draw_decade(millis: float, height: int) -> str:
    x = _place(millis)
    return (
        f'<path d="M{x:.1f} {TOP}V{height - 20}" stroke="{SOFT}"/>'
        f'<text x="{x:.1f}" y="{height - 6}" text-anchor="middle" font-size="11" fill="{PLAIN}">{millis:g} ms</text>'
    )


def _draw_figure(figure: Figure, y: int) -> str:
    colour = {None: PLAIN, True: GOOD, False: BAD}[figure.is_met]
    end = _place(figure.value)
    bar = f'<rect x="{LEFT}" y="{y - 11}" width="{max(end - LEFT, 1):.1f}" height="13" rx="2" fill="{colour}"/>'
    words = f"{figure.value:g} ms" + ("" if figure.is_met is not False else " ✗")
    label = f'<text x="28" y="{y}">{escape(figure.name)}</text>'
    value = f'<text x="{WIDTH - 16}" y="{y}" text-anchor="end">{words}</text>'
    if figure.target is None:
        return f"{label}{bar}{value}"
    x = _place(figure.target)
    return f'{label}{bar}<path d="M{x:.1f} {y - 14}V{y + 5}" stroke="{INK}" stroke-width="2"/>{value}'


def _place(millis: float) -> float:
    """0.1 ms stands at the left edge, each decade has the same width."""
    share = (log10(max(millis, DECADES[0])) - log10(DECADES[0])) / (log10(DECADES[-1]) - log10(DECADES[0]))
    return LEFT + min(share, 1.0) * (WIDTH - LEFT - RIGHT)
