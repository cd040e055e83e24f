"""How a customer and their posts are shown, on every screen alike. Nothing they wrote formats, links or pings."""

import re
from collections.abc import Sequence
from datetime import datetime

from slack_sdk.models.blocks import Block, RichTextElement, RichTextQuoteElement

from chatops.domain.errors import BadInput
from chatops.domain.ids import ConversationId
from chatops.domain.mention import Author, KeptMention
from chatops.domain.wording import OutletSpec
from chatops.slack.mrkdwn import cut, escape, link, slack_date
from chatops.slack.views.building import cut_plain, rich_line, rich_text, text_part
from chatops.slack.views.outlet_lines import label_of
from chatops.slack.views.target import STALE
from chatops.usecases.mention_ports import ConversationRow

ERASED = "(erased)"
DELETED = "(deleted by its author)"
NAME_CHARS = 60
HANDLE_CHARS = 60
LABEL_CHARS = 40
URL_CHARS = 500
POST_CHARS = 900
WORDS_CHARS = 4000
"""More than the form takes, so that every answer is shown whole."""
POSTS = 3
"""So many of a customer's posts are shown, the newest ones."""

_CONVERSATION = re.compile(r"[0-9]{1,15}")
_REPLY = re.compile(r"([0-9]{1,15})/([0-9]{1,9})")
_TURNING = re.compile("[\u202a-\u202e\u2066-\u2069]")
"""Characters that turn the writing direction: in a name they would turn our own words too."""


_MARKS = str.maketrans({"*": "∗", "~": "∼", "`": "ˋ"})
"""What mrkdwn takes for formatting, as signs that look alike."""
_EDGES = re.compile(r"(?<!\w)_|_(?!\w)")
_EMOJI = re.compile(r":(?=[\w+-]+:)")


def calm(escaped: str) -> str:
    """For mrkdwn, where a line of theirs must not pass for one of ours: no bold, no code, no emoji of their making."""
    return _EMOJI.sub("∶", _EDGES.sub("＿", escaped.translate(_MARKS)))


def one_line(text: str, max_chars: int) -> str:
    """Not escaped."""
    return cut_plain(" ".join(_TURNING.sub("", text).split()), max_chars)


def escaped_line(text: str, max_chars: int) -> str:
    return cut(escape(one_line(text, max_chars)), max_chars)


def word_name(author: Author) -> str:
    """Escaped: `Lena Fox`."""
    shown = author.name or author.handle
    return calm(escape(one_line(shown, NAME_CHARS))) or ERASED


def word_author(author: Author) -> str:
    """Escaped: `*Lena Fox* @lena`; the handle only where it says more than the name."""
    name, handle = word_name(author), one_line(author.handle, HANDLE_CHARS)
    if not handle or not author.name or handle.lower() == author.name.lower():
        return f"*{name}*"
    return f"*{name}* {calm(escape(handle if '@' in handle else f'@{handle}'))}"


def word_outlet(specs: Sequence[OutletSpec], outlet: str) -> str:
    """Escaped."""
    return escape(cut_plain(label_of(specs, outlet), LABEL_CHARS))


def word_followers(author: Author) -> str:
    return f" · {author.followers:,} followers" if author.followers is not None and author.followers > 0 else ""


def word_text(text: str, max_chars: int) -> str:
    """Escaped, on one line, in quotation marks."""
    words = one_line(text, max_chars)
    return f"“{cut(calm(escape(words)), max_chars)}”" if words else ERASED


def find_link(url: str | None, label: str) -> str | None:
    """Only the web's own addresses become links: a customer's network may name any other."""
    if url is None or len(url) > URL_CHARS or not re.match(r"https?://[^\s<>]", url):
        return None
    return link(url, label)


def quote_posts(mentions: Sequence[KeptMention], *, covers: int = 0) -> list[Block]:
    """The newest posts as they are, those that nobody has answered yet before all; what is left out is said."""
    open_ = [each for each in mentions if each.seq > covers] or list(mentions)
    shown = open_[-POSTS:]
    left_out = len(mentions) - len(shown)
    elements: list[RichTextElement] = []
    if left_out:
        count = "1 earlier post" if left_out == 1 else f"{left_out} earlier posts"
        elements.append(rich_line(text_part(f"{count} left out", italic=True)))
    elements += [RichTextQuoteElement(elements=_quote(each)) for each in shown]
    return [rich_text(elements)] if elements else []


def _quote(mention: KeptMention) -> list[RichTextElement]:
    if not mention.is_live:
        return [text_part(DELETED, italic=True)]
    text = cut_plain(mention.text.strip(), POST_CHARS)
    parts = [text_part(text) if text else text_part(ERASED, italic=True)]
    return [*parts, text_part(" (edited)", italic=True)] if mention.edited_at else parts


def quote_words(words: str) -> Block:
    """Words of ours, as they stand or will stand there."""
    text = cut_plain(words, WORDS_CHARS)
    return rich_text([RichTextQuoteElement(elements=[text_part(text) if text else text_part(ERASED, italic=True)])])


def word_waiting(row: ConversationRow, specs: Sequence[OutletSpec]) -> str:
    """Escaped, two lines: who, where, since when; and what they wrote."""
    since = f" · waiting since {slack_date(row.waiting_since, 'time')}" if row.waiting_since else ""
    echoes = f" · shared {row.echoes}×" if row.echoes else ""
    followers = word_followers(row.author)
    head = f"{word_author(row.author)} · {word_outlet(specs, row.outlet)}{followers}{echoes}{since}"
    return f"{head}\n{word_text(row.last_text, 250)}"


def word_times(count: int, one: str, many: str) -> str:
    return f"1 {one}" if count == 1 else f"{count:,} {many}"


def word_until(at: datetime) -> str:
    return f"until {slack_date(at, 'time')}"


def parse_conversation(value: object) -> ConversationId:
    """A button's value, or a number from private_metadata."""
    if not _CONVERSATION.fullmatch(str(value)):
        raise BadInput(STALE)
    return ConversationId(int(str(value)))


def format_reply(conversation: int, reply: int) -> str:
    return f"{conversation}/{reply}"


def parse_reply(value: str) -> tuple[ConversationId, int]:
    match = _REPLY.fullmatch(value)
    if match is None:
        raise BadInput(STALE)
    return ConversationId(int(match[1])), int(match[2])
