"""HTML as people read it: mails and posts that have no plain text. Nothing is fetched, nothing runs."""

import re
from html import unescape
from html.parser import HTMLParser

HTML_CHARS = 200_000
TEXT_CHARS = 50_000
UNSEEN = frozenset({"script", "style", "head", "title", "template", "noscript", "svg", "object"})
BREAKING = frozenset({"p", "div", "tr", "table", "ul", "ol", "h1", "h2", "h3", "h4", "h5", "h6", "pre", "section"})


def read_html(html: str) -> str:
    """Paragraphs and line breaks stay, a quote's lines begin with `>`."""
    # After the last tag's end the parser would look at an unclosed one again and again.
    cut, _, rest = html[:HTML_CHARS].rpartition(">")
    reader = _Reader()
    try:
        reader.feed(f"{cut}>" if cut else "")
        reader.close()
        text = reader.finish()
    except (AssertionError, ValueError):  # what the parser says to declarations that are none
        text = re.sub(r"<[^<>]{0,2000}>", " ", unescape(cut))[:TEXT_CHARS]
    return text if "<" in rest else f"{text}\n{unescape(rest)}".strip()


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._lines: list[str] = [""]
        self._chars = 0
        self._unseen = 0
        self._quotes = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        if tag in UNSEEN:
            self._unseen += 1
        elif tag == "br":
            self._lines.append(self._mark())
        elif tag == "blockquote":
            self._quotes = min(self._quotes + 1, 9)
            self._lines.append(self._mark())
        elif tag == "li":
            self._break()
            self._lines[-1] += "- "
        elif tag in BREAKING:
            self._break()

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag != "br":
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in UNSEEN:
            self._unseen = max(self._unseen - 1, 0)
        elif tag == "blockquote":
            self._quotes = max(self._quotes - 1, 0)
            self._lines.append(self._mark())
        elif tag in BREAKING:
            self._break()
            if tag == "p":
                self._lines.append(self._mark())

    def handle_data(self, data: str) -> None:
        if self._unseen or self._chars > TEXT_CHARS:
            return
        words = re.sub(r"\s+", " ", data)
        if self._lines[-1] in ("", self._mark()):
            words = words.lstrip()
        self._chars += len(words)
        self._lines[-1] += words

    def finish(self) -> str:
        lines = [line.rstrip() for line in self._lines]
        return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()[:TEXT_CHARS]

    def _break(self) -> None:
        if self._lines[-1].strip("> "):
            self._lines.append(self._mark())

    def _mark(self) -> str:
        return "> " if self._quotes else ""
