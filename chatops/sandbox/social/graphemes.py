"""Characters as people count them: extended grapheme clusters, by the rules that matter for posts.

A hand-written subset of https://www.unicode.org/reports/tr29/: CR LF, combining marks and joiners, emoji sequences,
flags, Hangul syllables. Left out: prepended marks and Indic conjuncts.
"""

import unicodedata
from functools import lru_cache

ZERO_WIDTH_JOINER = 0x200D


def split_graphemes(text: str) -> list[str]:
    clusters: list[str] = []
    for char in text:
        if clusters and not _breaks(clusters[-1], char):
            clusters[-1] += char
        else:
            clusters.append(char)
    return clusters


def count_graphemes(text: str) -> int:
    return len(split_graphemes(text))


def is_emoji(cluster: str) -> bool:
    return any(is_pictograph(char) or ord(char) in (0xFE0F, 0x20E3) or _is_flag(char) for char in cluster)


def is_pictograph(char: str) -> bool:
    """About Extended_Pictographic; https://www.unicode.org/Public/UCD/latest/ucd/emoji/emoji-data.txt"""
    code = ord(char)
    return (
        0x1F000 <= code <= 0x1F1E5
        or 0x1F200 <= code <= 0x1FAFF
        or 0x2600 <= code <= 0x27BF
        or 0x2190 <= code <= 0x21FF
        or 0x2300 <= code <= 0x23FF
        or 0x2B00 <= code <= 0x2BFF
        or code in (0xA9, 0xAE, 0x203C, 0x2049, 0x2122, 0x2139, 0x3030, 0x303D, 0x3297, 0x3299)
    )


def _is_flag(char: str) -> bool:
    return 0x1F1E6 <= ord(char) <= 0x1F1FF


def _is_spacing(char: str) -> bool:
    return unicodedata.category(char) == "Mc" or ord(char) in (0x0E33, 0x0EB3)


@lru_cache(maxsize=4096)
def _extends(char: str) -> bool:
    code = ord(char)
    return (
        unicodedata.category(char) in ("Mn", "Me")
        or _is_spacing(char)
        or code in (ZERO_WIDTH_JOINER, 0x200C, 0xFF9E, 0xFF9F)
        or 0x1F3FB <= code <= 0x1F3FF
        or 0xE0020 <= code <= 0xE007F
    )


def _breaks(cluster: str, char: str) -> bool:
    before = cluster[-1]
    if before == "\r" and char == "\n":
        return False
    if unicodedata.category(before) in ("Cc", "Zl", "Zp") or unicodedata.category(char) in ("Cc", "Zl", "Zp"):
        return True
    if _extends(char):
        return False
    if ord(before) == ZERO_WIDTH_JOINER and is_pictograph(char):
        return not is_pictograph(cluster[0]) or any(_is_spacing(mark) for mark in cluster)
    if _is_flag(before) and _is_flag(char):
        return len(cluster) != 1
    return not _joins_hangul(before, char)


def _hangul_kind(char: str) -> str:
    code = ord(char)
    if 0x1100 <= code <= 0x115F or 0xA960 <= code <= 0xA97C:
        return "L"
    if 0x1160 <= code <= 0x11A7 or 0xD7B0 <= code <= 0xD7C6:
        return "V"
    if 0x11A8 <= code <= 0x11FF or 0xD7CB <= code <= 0xD7FB:
        return "T"
    if 0xAC00 <= code <= 0xD7A3:
        return "LV" if (code - 0xAC00) % 28 == 0 else "LVT"
    return ""


def _joins_hangul(before: str, char: str) -> bool:
    follows = {"L": ("L", "V", "LV", "LVT"), "LV": ("V", "T"), "V": ("V", "T"), "LVT": ("T",), "T": ("T",)}
    return _hangul_kind(char) in follows.get(_hangul_kind(before), ())
