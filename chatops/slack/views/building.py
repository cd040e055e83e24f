"""The few kinds of blocks that our screens are made of, each within Slack's limits whatever the text."""

from collections.abc import Iterable

from slack_sdk.models.blocks import (
    Block,
    ButtonElement,
    ConfirmObject,
    ContextBlock,
    HeaderBlock,
    MarkdownTextObject,
    PlainTextObject,
    RichTextBlock,
    RichTextElement,
    RichTextElementParts,
    RichTextPreformattedElement,
    RichTextSectionElement,
    SectionBlock,
)

from chatops.slack.mrkdwn import cut

Message = tuple[str, list[Block]]
"""A message: the text for the lock screen and for search, and its blocks."""

TEXT_CHARS = 3500
"""Slack recommends at most 4,000, and the gateway falls back to this much of it when blocks are refused."""
SECTION_CHARS = 3000
HEADER_CHARS = 150
BUTTON_CHARS = 75
PREFORMATTED_CHARS = 2900

_Text = RichTextElementParts.Text
_Style = RichTextElementParts.TextStyle


def mrkdwn(text: str, max_chars: int = SECTION_CHARS) -> MarkdownTextObject:
    """`verbatim`, because otherwise Slack makes mentions and links of what people typed without any brackets."""
    return MarkdownTextObject(text=cut(text, max_chars) or "–", verbatim=True)


def plain(text: str, max_chars: int) -> PlainTextObject:
    """Shown letter by letter: `:fire:` stays what it is."""
    return PlainTextObject(text=cut_plain(text, max_chars) or "–", emoji=False)


def cut_plain(text: str, max_chars: int) -> str:
    return text if len(text) <= max_chars else text[: max_chars - 1].rstrip() + "…"


def header(text: str) -> HeaderBlock:
    return HeaderBlock(text=plain(text, HEADER_CHARS))


def section(text: str, *, max_chars: int = SECTION_CHARS, accessory: ButtonElement | None = None) -> SectionBlock:
    return SectionBlock(text=mrkdwn(text, max_chars), accessory=accessory)


def context(text: str, max_chars: int = SECTION_CHARS) -> ContextBlock:
    return ContextBlock(elements=[mrkdwn(text, max_chars)])


def button(
    label: str, action_id: str, value: str | None, *, style: str | None = None, confirm: ConfirmObject | None = None
) -> ButtonElement:
    text = plain(label, BUTTON_CHARS)
    return ButtonElement(text=text, action_id=action_id, value=value, style=style, confirm=confirm)


def text_part(text: str, *, bold: bool = False, strike: bool = False, italic: bool = False) -> RichTextElement:
    """Typed text as it is: rich text interprets nothing, so it needs no escaping."""
    if not (bold or strike or italic):
        return _Text(text=text)
    return _Text(text=text, style=_Style(bold=bold or None, strike=strike or None, italic=italic or None))


def rich_line(*parts: RichTextElement) -> RichTextSectionElement:
    return RichTextSectionElement(elements=list(parts))


def rich_text(elements: Iterable[RichTextElement]) -> RichTextBlock:
    return RichTextBlock(elements=list(elements))


def labelled(label: str, text: str) -> RichTextBlock:
    """A label in bold, and under it what was typed, to the letter."""
    return rich_text([rich_line(text_part(f"{label}\n", bold=True), text_part(text))])


def preformatted(text: str) -> list[RichTextElement]:
    """All of the text in boxes that together hold every character of it."""
    chunks = [text[start : start + PREFORMATTED_CHARS] for start in range(0, len(text), PREFORMATTED_CHARS)]
    return [RichTextPreformattedElement(elements=[text_part(chunk)]) for chunk in chunks]
