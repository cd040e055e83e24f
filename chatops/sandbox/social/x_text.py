"""A post's text as X counts and shows it: weighted length, and links shortened to t.co."""

import hashlib
import re
import string
import unicodedata
from dataclasses import dataclass

from chatops.sandbox.social.graphemes import is_emoji, split_graphemes
from chatops.sandbox.wire import Json

# https://docs.x.com/fundamentals/counting-characters and its configuration v3 in github.com/twitter/twitter-text
LENGTH_MOST = 280
URL_LENGTH = 23
EMOJI_LENGTH = 2
LIGHT_RANGES = ((0, 4351), (8192, 8205), (8208, 8223), (8242, 8247))

# The real rule knows every top-level domain. Reserved ones (example, localhost, addresses) are links here too, so that
# a sandbox's own links behave as a customer's would.
BARE_DOMAINS = "com|net|org|io|dev|app|co|status|uk|de|fr|eu|info|ai|cloud|tech"
URL = re.compile(
    rf"https?://[^\s<>\"]*[^\s<>\".,;:!?)\]'…]|(?<![@\w./-])(?:[a-z0-9-]+\.)+(?:{BARE_DOMAINS})\b(?:/[^\s<>\"]*[^\s<>\".,;:!?)])?",
    re.IGNORECASE,
)
MENTION = re.compile(r"(?<![\w@])@(\w{1,15})")
CASHTAG = re.compile(r"(?<![\w$])\$[A-Za-z]{1,6}(?!\w)")
SHORT_CHARS = string.ascii_letters + string.digits


def count_weighted(text: str) -> int:
    normal = unicodedata.normalize("NFC", text)
    links = URL.findall(normal)
    return len(links) * URL_LENGTH + sum(_weigh(cluster) for cluster in split_graphemes(URL.sub("", normal)))


def _weigh(cluster: str) -> int:
    if is_emoji(cluster):
        return EMOJI_LENGTH
    return sum(1 if any(low <= ord(char) <= high for low, high in LIGHT_RANGES) else 2 for char in cluster)


def has_link(text: str) -> bool:
    return URL.search(text) is not None


def shorten(url: str) -> str:
    """Always the same for the same link; the real ones differ for every post."""
    digest = hashlib.sha256(url.encode()).digest()
    return "https://t.co/" + "".join(SHORT_CHARS[byte % len(SHORT_CHARS)] for byte in digest[:10])


@dataclass(frozen=True, slots=True)
class ShownText:
    text: str
    entities: Json


def show(text: str, find_user_id: dict[str, str]) -> ShownText:
    """As the API returns it: &, < and > escaped, links shortened, positions in code points of the shown text."""
    shown, urls, last = "", [], 0
    for match in URL.finditer(text):
        shown += _escape(text[last : match.start()])
        expanded = match[0] if "://" in match[0] else f"http://{match[0]}"
        short = shorten(expanded)
        urls.append(
            {
                "start": len(shown),
                "end": len(shown) + len(short),
                "url": short,
                "expanded_url": expanded,
                "display_url": re.sub(r"^https?://(www\.)?", "", match[0])[:27],
            }
        )
        shown += short
        last = match.end()
    shown += _escape(text[last:])
    mentions = [_mention(match, find_user_id) for match in MENTION.finditer(shown)]
    entities = {name: found for name, found in (("urls", urls), ("mentions", mentions)) if found}
    return ShownText(shown, entities)


def _mention(match: re.Match[str], find_user_id: dict[str, str]) -> Json:
    found = {"start": match.start(), "end": match.end(), "username": match[1]}
    user_id = find_user_id.get(match[1].lower())
    return found | ({"id": user_id} if user_id else {})


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
