"""Turns typed words into safe HTML in which every word stands exactly as it was typed."""

import html
import re

from markupsafe import Markup

_BLANK_LINES = re.compile(r"(\n(?:[ \t]*\n)+)")
# Bidi controls end a link: inside one they could show another address than the one behind it.
_URL = re.compile(
    r"https?://(?=[^\W_]|\[)[^\s<>\"\u00ab\u00bb\u201c\u201d\u200e\u200f\u202a-\u202e\u2066-\u2069]+", re.I
)
_TRAILING = ".,;:!?'*…’"
_PAIRS = {")": "(", "]": "[", "}": "{"}


def render_words(text: str) -> Markup:
    """Paragraphs at blank lines, `<br>` at line ends, http(s) addresses as links; nothing else becomes markup.

    For element content only. Tags taken away, the text is the typed one, character for character.
    """
    pieces = _BLANK_LINES.split(text)
    return Markup("").join(
        # Odd pieces are what stood between paragraphs: white space only.
        Markup(piece) if position % 2 else _render_paragraph(piece)  # noqa: S704
        for position, piece in enumerate(pieces)
    )


def render_content(text: str) -> Markup:
    """A line of text for element content, never for attributes.

    Quotes stay as they are, so that the page's source holds the same words for whoever searches it.
    """
    return Markup(html.escape(text, quote=False))  # noqa: S704 - escaped in this very call


def split_links(text: str) -> list[tuple[str, bool]]:
    """Raw text → (piece, is it an address?), in order and without loss."""
    pieces: list[tuple[str, bool]] = []
    end = 0
    for match in _URL.finditer(text):
        address = _trim(match[0])
        pieces += [(text[end : match.start()], False), (address, True)]
        end = match.start() + len(address)
    return [piece for piece in [*pieces, (text[end:], False)] if piece[0]]


def _render_paragraph(text: str) -> Markup:
    if not text:
        return Markup("")
    inner = Markup("").join(_link(piece) if is_link else _break_lines(piece) for piece, is_link in split_links(text))
    return Markup('<p dir="auto">{}</p>').format(inner)


def _break_lines(text: str) -> Markup:
    return render_content(text).replace("\n", Markup("<br>\n"))


def _link(address: str) -> Markup:
    return Markup('<a href="{}" rel="noopener nofollow">{}</a>').format(address, render_content(address))


def _trim(address: str) -> str:
    """Without the punctuation of the sentence around it; a closing bracket stays where its opening one is inside."""
    surplus = {close: address.count(close) - address.count(opening) for close, opening in _PAIRS.items()}
    end = len(address)
    while end:
        last = address[end - 1]
        if last in _PAIRS and surplus[last] > 0:
            surplus[last] -= 1
        elif last not in _TRAILING:
            break
        end -= 1
    return address[:end]
