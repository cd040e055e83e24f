"""X's weights of a text. Apart from the other counts: the library takes 23 MB and a fifth of a second to load."""

import re
import unicodedata
from functools import lru_cache

from twitter_text import extract_urls, parse_tweet

X_LINK = 23
"""What any link weighs on X: it is shown as t.co. https://docs.x.com/fundamentals/counting-characters"""

_SCHEME = re.compile(r"https?://", re.IGNORECASE)
_WORD = re.compile(r"[ \n\t\r]?[^ \n\t\r]*")
_HALF = re.compile("[\ud800-\udfff]")
_CLAUSE = re.compile(r"[^。！？、，]*[。！？、，]?")


def count_x_weight(text: str) -> int:
    """X's weighted length: at most 280; may be a little more than X's own count, never less."""
    whole = _HALF.sub("\ufffd", unicodedata.normalize("NFC", text).replace("\r\n", "\n"))
    return sum(map(_weigh_word, _WORD.findall(whole)))


def has_x_link(text: str) -> bool:
    """Whether X makes a link of anything in it; `acme.com` alone is one."""
    return bool(_SCHEME.search(text) or extract_urls(text))


def _weigh_word(word: str) -> int:
    # No link or emoji reaches over a blank, so words are weighed one by one with the blank before them, and each only
    # once: cutting a long text asks for hundreds of its beginnings, and parse_tweet needs 35 ms for 6,000 characters.
    # Clauses do where nothing is written with blanks: without a full stop there can be no link in them.
    if "." in word or "://" in word:
        return _weigh(word)
    return sum(map(_weigh, _CLAUSE.findall(word)))


@lru_cache(maxsize=16_384)
def _weigh(piece: str) -> int:
    # X's list of top-level domains may be newer than the library's: what has a scheme counts at least as a link.
    return max(int(parse_tweet(piece).weightedLength), X_LINK * len(_SCHEME.findall(piece)))
