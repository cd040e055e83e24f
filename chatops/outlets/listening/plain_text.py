"""Customers' posts as plain text: HTML read, links written out, sizes bounded. All of it is hostile until then."""

import re
from html import unescape
from typing import Final

TEXT_CHARS: Final = 10_000
NAME_CHARS: Final = 200
HTML_CHARS: Final = 60_000
LINK_CHARS: Final = 2_000
"""What is longer is no address that anybody could open."""

_HIDDEN: Final = frozenset({"script", "style", "head", "title", "template"})
_PARAGRAPHS: Final = frozenset({"p", "ul", "ol", "pre", "blockquote", "h1", "h2", "h3", "h4", "h5", "h6", "table"})
_LINES: Final = frozenset({"div", "tr", "li", "br", "hr"})
_COMMENT: Final = "!--"
_TAG = re.compile(r"(?P<end>/?)(?P<name>[A-Za-z][A-Za-z0-9]*+)(?P<rest>[^>]*+)>")
_ATTRIBUTE = re.compile(r"(?<![\w-])(?P<name>class|href)\s*=\s*(?P<value>\"[^\"]*\"|'[^']*'|[^\s\"'>]+)", re.IGNORECASE)
_NOT_SHOWN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_ELLIPSIS = re.compile(r"(?:…|\.\.\.)$")


def clean_text(text: str) -> str:
    """Without what cannot be shown or kept, at most one empty line in a row, and not endless."""
    text = _NOT_SHOWN.sub("", text[: TEXT_CHARS * 2].replace("\r\n", "\n").replace("\r", "\n"))
    lines = "\n".join(line.rstrip() for line in text.split("\n"))
    return re.sub(r"\n{3,}", "\n\n", lines).strip()[:TEXT_CHARS].rstrip()


def clean_name(text: object) -> str:
    """One line; empty for what is no text."""
    if not isinstance(text, str):
        return ""
    return " ".join(_NOT_SHOWN.sub(" ", text[: NAME_CHARS * 4]).split())[:NAME_CHARS]


def clean_link(url: object) -> str | None:
    """Only what a browser opens as a page; None for all else."""
    if not isinstance(url, str) or len(url) > LINK_CHARS or not re.match(r"https?://[^\s/]", url, re.IGNORECASE):
        return None
    return url if url.isprintable() and " " not in url else None


def write_link(shown: str, url: str | None) -> str:
    """Where it leads in place of what was shown; both where what was shown says something else."""
    target = clean_link(url)
    words = " ".join(shown.split())
    if target is None:
        return shown
    said = _ELLIPSIS.sub("", _bare(words))
    return target if (said and _bare(target).startswith(said)) or not words else f"{words} ({target})"


def _bare(url: str) -> str:
    return re.sub(r"^(?:https?://)?(?:www\.)?", "", url, flags=re.IGNORECASE).rstrip("/").lower()


def read_html(html: str) -> str:
    """As a person reads it: paragraphs as empty lines, links written out, hidden parts left out."""
    reader = _Reader()
    first, *pieces = html[:HTML_CHARS].split("<")
    reader.add_text(first)
    for piece in pieces:
        reader.add(piece)
    return clean_text("\n".join(line.strip() for line in reader.finish().split("\n")))


class _Reader:
    """One pass over what stands between the signs "<": html.parser needs minutes for 60 kB of hostile HTML.

    A link's words wait until it ends; whatever is hidden ends with its own tag.
    """

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._link: str | None = None
        self._link_begins = 0
        self._hidden_by: str | None = None
        self._hidden_depth = 0

    def finish(self) -> str:
        self._end_link()
        return "".join(self._pieces)

    def add(self, piece: str) -> None:
        """What follows a "<", up to the next one."""
        if self._hidden_by == _COMMENT or piece.startswith("!--"):
            _, end, text = piece.partition("-->")
            self._hidden_by = None if end else _COMMENT
        elif tag := _TAG.match(piece):
            name, text = tag["name"].lower(), piece[tag.end() :]
            self._end(name) if tag["end"] else self._begin(name, tag["rest"])
        else:
            text = piece.partition(">")[2] if piece.startswith(("!", "?")) else f"<{piece}"
        self.add_text(text)

    def add_text(self, text: str) -> None:
        if not self._hidden_by:
            self._pieces.append(re.sub(r"[ \t\r\n\f]+", " ", unescape(text)))

    def _begin(self, tag: str, rest: str) -> None:
        if self._hidden_by:
            self._hidden_depth += tag == self._hidden_by
            return
        given = {each["name"].lower(): unescape(each["value"].strip("\"'")) for each in _ATTRIBUTE.finditer(rest)}
        kinds = set(given.get("class", "").split())
        # A quote's address once more, for old software: https://docs.joinmastodon.org/entities/Status/#content
        if tag in _HIDDEN or "quote-inline" in kinds:
            self._hidden_by, self._hidden_depth = tag, 1
        elif tag == "a":
            self._end_link()
            # Names and tags are read as they are shown.
            self._link = None if kinds & {"mention", "hashtag"} else given.get("href")
            self._link_begins = len(self._pieces)
        else:
            self._break(tag)

    def _end(self, tag: str) -> None:
        if self._hidden_by:
            self._hidden_depth -= tag == self._hidden_by
            self._hidden_by = self._hidden_by if self._hidden_depth else None
        elif tag == "a":
            self._end_link()
        elif tag not in _LINES:
            self._break(tag)

    def _break(self, tag: str) -> None:
        if tag in _PARAGRAPHS:
            self._pieces.append("\n\n")
        elif tag in _LINES:
            self._pieces.append("\n")

    def _end_link(self) -> None:
        if self._link is not None:
            shown = "".join(self._pieces[self._link_begins :])
            self._pieces[self._link_begins :] = [write_link(shown, self._link)]
        self._link = None
