"""What a customer wrote in a mail, without what the mail program put below it: quotes of the mails before."""

import re

LINE_CHARS = 300
"""No line that announces a quote is longer; longer ones are somebody's words."""

_SAID = (
    r"wrote|writes|schrieb|schreibt|a écrit|écrivait|escribió|ha scritto|scrisse|escreveu|schreef|skrev|kirjoitti"
    r"|napisał\(?a?\)?|napsala?|написала?|пишет|írta|yazdı|のメール|のメッセージ|写道|寫道|작성"
)
_ANNOUNCED = re.compile(rf"^(?=.*[\d@]).*(?:{_SAID})[^:：]{{0,80}}[:：]\s*$", re.IGNORECASE)
"""“On Mon, 7 Nov 2026 at 03:04, Acme Status <status@acme.example> wrote:” in the languages of many mail programs."""
_BEGUN = re.compile(r"^\W*(?:on|am|le|el|il|em|op|den|dne|dnia|w dniu)\s.*\d", re.IGNORECASE)
"""How one begins that is broken into several lines; anything else above it is the customer's."""
_DIVIDED = re.compile(
    r"^\s*-{2,}\s*(?:original message|ursprüngliche nachricht|originalnachricht|message d'origine|message original"
    r"|mensaje original|messaggio originale|mensagem original|oorspronkelijk bericht|ursprungligt meddelande"
    r"|исходное сообщение|reply above this line)\s*-{2,}\s*$",
    re.IGNORECASE,
)
_FROM = re.compile(r"^\s*\*?(?:from|von|de|da|van|från|fra|od|от|差出人|发件人)\*?\s*[:：]\*?\s+\S", re.IGNORECASE)
_HEADER = re.compile(
    r"^\s*\*?(?:sent|date|to|subject|gesendet|datum|an|betreff|envoyé|date|à|objet|enviado|fecha|para|asunto|inviato"
    r"|data|a|oggetto|verzonden|aan|onderwerp|skickat|till|ämne|wysłano|do|temat|отправлено|кому|тема|cc)\*?\s*[:：]",
    re.IGNORECASE,
)


def cut_quotes(text: str) -> str:
    """Quoted lines go, and what follows an announcement of them. Where nothing would be left, everything stays."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    kept = _drop_quoted(_cut_tail(lines))
    words = re.sub(r"\n{3,}", "\n\n", "\n".join(line.rstrip() for line in kept)).strip()
    return words or text.strip()


def _cut_tail(lines: list[str]) -> list[str]:
    """Outlook and others quote without any mark: below their divider all is old, if something stands above it."""
    for at, line in enumerate(lines):
        is_end = _is_divider(lines, at) or (_find_announcement(lines, at) and not _has_marks(lines, at))
        if is_end and any(each.strip() and not _is_quoted(each) for each in lines[:at]):
            return lines[:at]
        if len(line) > LINE_CHARS:
            continue
    return lines


def _is_divider(lines: list[str], at: int) -> bool:
    line = lines[at]
    if len(line) > LINE_CHARS:
        return False
    if _DIVIDED.match(line):
        return True
    # “From: …” alone may be anybody's words; with two more such lines it is the head of a mail.
    begins = at + 1 if re.fullmatch(r"\s*_{10,}\s*", line) and at + 1 < len(lines) else at
    head = [each for each in lines[begins + 1 : begins + 6] if len(each) <= LINE_CHARS]
    return bool(_FROM.match(lines[begins])) and sum(1 for each in head if _HEADER.match(each)) >= 2


def _find_announcement(lines: list[str], at: int) -> int:
    """How many lines it takes: long ones are broken once or twice. 0: there is none."""
    joined = ""
    for taken in range(1, 4 if _BEGUN.match(lines[at][:LINE_CHARS]) else 2):
        if at + taken > len(lines) or not lines[at + taken - 1].strip() or _is_quoted(lines[at + taken - 1]):
            return 0
        joined = f"{joined} {lines[at + taken - 1].strip()}".strip()
        if len(joined) > LINE_CHARS:
            return 0
        if _ANNOUNCED.match(joined):
            return taken
    return 0


def _has_marks(lines: list[str], at: int) -> bool:
    """Whether quoted lines follow the announcement: then only they go, for the answer may stand below them."""
    after = [line for line in lines[at : at + 12] if line.strip()]
    return any(_is_quoted(line) for line in after)


def _drop_quoted(lines: list[str]) -> list[str]:
    kept: list[str] = []
    at = 0
    while at < len(lines):
        taken = _find_announcement(lines, at)
        if taken and _has_marks(lines, at):
            at += taken
            continue
        if not _is_quoted(lines[at]):
            kept.append(lines[at])
        at += 1
    return kept


def _is_quoted(line: str) -> bool:
    return line.lstrip().startswith(">")
