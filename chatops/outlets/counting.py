"""How networks count a text: characters as people see them, UTF-16 units."""

import regex

_GRAPHEME = regex.compile(r"\X")


def count_graphemes(text: str) -> int:
    """Extended grapheme clusters, https://www.unicode.org/reports/tr29/: a family emoji is one."""
    return len(_GRAPHEME.findall(text))


def count_utf16(text: str) -> int:
    """As JavaScript, Java and C# count: what lies beyond the first 65,536 characters is two."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
