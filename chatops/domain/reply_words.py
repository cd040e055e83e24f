"""The words of a reply: who it names, who signs, how long it may be, and what must not stand in it."""

import re

from chatops.domain.checks import SECRETS
from chatops.domain.errors import BadInput
from chatops.domain.mention import Author
from chatops.domain.wording import OutletSpec, TextLimits

SIGN_CHARS = 40

_EMAIL = re.compile(r"(?<![@\w.+-])([\w.+-]{1,64})@((?:[\w-]{1,63}\.){1,8}[a-z]{2,24})\b", re.IGNORECASE)
_OFFICE_LINES = (
    "abuse accounts billing care contact feedback hello help helpdesk hi info jobs legal mail media office ops",
    "press privacy sales security service status support team trust",
)
_OFFICES = frozenset(word for line in _OFFICE_LINES for word in line.split())
"""Addresses of a team, which are there to be given to people."""
_PHONE = re.compile(
    r"(?<![\w+])(?:\+|00)\d(?:[ ()./-]{0,2}\d){7,14}(?!\d)"
    r"|\(\d{2,5}\)[ -]{0,2}\d(?:[ -]?\d){4,9}(?!\d)"
    r"|(?<![\w.,/-])(?:\d{3}[-. ]\d{3}[-. ]\d{4}|0\d{1,4}[ /-]\d{5,10})(?![\w-])"
)
"""International, with a code in brackets, in groups as in North America, or after a local 0: dates look otherwise."""
_CARD = re.compile(r"(?<!\d)\d(?:[ -]?\d){12,18}(?!\d)")
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,3})?\b")


def compose_reply(text: str, *, sign_as: str, author: Author, spec: OutletSpec) -> str:
    """The exact words, `@handle` first where the network wants it, signed; raises BadInput where they cannot go out."""
    body = text.strip()
    if not body:
        raise BadInput("Write an answer first.", field="reply")
    if len(sign_as) > SIGN_CHARS:
        raise BadInput(f"At most {SIGN_CHARS} characters, this has {len(sign_as)}.", field="sign_as")
    words = _sign(_address(body, author, spec), sign_as, spec)
    limits = find_limits(spec)
    if not limits.fit(words):
        length = limits.count(words)
        raise BadInput(
            f"Too long for {spec.label}: {length:,} of {limits.max_chars:,} characters, name and signature included.",
            field="reply",
        )
    return words


def find_limits(spec: OutletSpec) -> TextLimits:
    return spec.reply_limits or spec.limits


def _address(body: str, author: Author, spec: OutletSpec) -> str:
    name = f"@{author.handle}"
    if not spec.abilities.reply_names_author or not author.handle or name.lower() in body.lower():
        return body
    return f"{name} {body}"


def _sign(body: str, sign_as: str, spec: OutletSpec) -> str:
    """Never twice: who signs by hand is not signed again."""
    if not sign_as or re.search(rf"[-–—~]\s*{re.escape(sign_as)}\.?$", body, re.IGNORECASE):
        return body
    gap = " " if spec.form == "short" else "\n\n"
    return f"{body}{gap}— {sign_as}"


def require_clean(words: str, *, is_public: bool, field: str = "reply") -> None:
    """Raises BadInput for a secret, and in public for what belongs to one person only."""
    for what, pattern in SECRETS.items():
        if pattern.search(words):
            raise BadInput(f"This looks like {what}. Take it out, and have it replaced.", field=field)
    if is_public:
        found = find_personal(words)
        if found:
            raise BadInput(f"Everybody can read this answer, and it seems to hold {found}. Take it out.", field=field)


def find_personal(words: str) -> str | None:
    """What kind of personal data seems to stand there; an address of an office (`support@…`) is none."""
    for match in _EMAIL.finditer(words):
        if match[1].lower() not in _OFFICES:
            return "somebody's e-mail address"
    if _IBAN.search(words):
        return "a bank account"
    if any(_is_card(match[0]) for match in _CARD.finditer(words)):
        return "a card number"
    return "a telephone number" if _PHONE.search(words) else None


def _is_card(text: str) -> bool:
    """By the check digit of ISO/IEC 7812: other long numbers have it only by chance."""
    digits = [int(char) for char in reversed(text) if char.isdigit()]
    doubled = [digit * 2 - 9 if digit > 4 else digit * 2 for digit in digits[1::2]]
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0


def holds_any(text: str, words: tuple[str, ...]) -> bool:
    """Whole words or phrases of the policy, in any case: “press” is not in “pressure”."""
    return any(re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text, re.IGNORECASE) for word in words)
