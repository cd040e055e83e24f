"""Small pictures: the badge for other sites, the icon of the browser tab."""

from html import escape

from chatops.domain.records import Impact
from chatops.usecases.page_reading import NowSnapshot

COLOURS = {"well": "#15803d", "none": "#1d4ed8", "minor": "#956300", "major": "#c2410c", "critical": "#b91c1c"}
SHAPES = {
    "well": "m9 16.5 5 5L23.5 11",
    "none": "M16 15v8M16 9.5v.2",
    "minor": "M9 16h14",
    "major": "M16 8v10M16 23.5v.2",
    "critical": "m11 11 10 10M21 11 11 21",
}
BADGE_WORDS = {
    Impact.NONE: "no known impact",
    Impact.MINOR: "minor disruption",
    Impact.MAJOR: "major disruption",
    Impact.CRITICAL: "critical disruption",
}
CHAR_PIXELS = 6.6
PADDING_PIXELS = 9


def render_favicon(tint: str) -> str:
    """Colour and shape differ, so that the tab tells it to everybody."""
    name = tint if tint in COLOURS else "well"
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">'
        f'<rect width="32" height="32" rx="9" fill="{COLOURS[name]}"/>'
        f'<path d="{SHAPES[name]}" fill="none" stroke="#fff" stroke-width="3.5" '
        'stroke-linecap="round" stroke-linejoin="round"/></svg>'
    )


def render_badge(now: NowSnapshot) -> str:
    tint = "well" if now.overall.is_well else now.overall.indicator.value
    words = "operational" if now.overall.is_well else BADGE_WORDS[now.overall.indicator]
    left = now.team if len(now.team) <= 30 else f"{now.team[:29]}…"
    left_width, right_width = _measure(left), _measure(words)
    width = left_width + right_width
    label = escape(f"{left}: {words}")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="22" role="img" aria-label="{label}">'
        f'<title>{label}</title><clipPath id="r"><rect width="{width}" height="22" rx="5"/></clipPath>'
        f'<g clip-path="url(#r)"><rect width="{left_width}" height="22" fill="#3d3a36"/>'
        f'<rect x="{left_width}" width="{right_width}" height="22" fill="{COLOURS[tint]}"/></g>'
        '<g fill="#fff" font-family="system-ui,Verdana,sans-serif" font-size="12">'
        f"{_write(left, 0, left_width)}{_write(words, left_width, right_width)}</g></svg>"
    )


def _measure(text: str) -> int:
    return round(len(text) * CHAR_PIXELS) + 2 * PADDING_PIXELS


def _write(text: str, x: int, width: int) -> str:
    """`textLength` fits the words into their box, whatever font the reader has."""
    inner = width - 2 * PADDING_PIXELS
    return f'<text x="{x + PADDING_PIXELS}" y="15.5" textLength="{inner}">{escape(text)}</text>'
