"""The mailbox by IMAP4rev1, for reading only: whoever logs in with an address reads the letters sent to it.

https://www.rfc-editor.org/rfc/rfc3501; any password opens it, and what is not understood is BAD.
"""

import asyncio
import base64
import binascii
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, date, datetime

from chatops.sandbox.mailbox.letters import Letter, Letters

VALIDITY = 1_180_000_001
LINE_BYTES_MOST = 64 * 1024
CAPABILITIES = "IMAP4rev1 AUTH=PLAIN"
WORD = re.compile(r'"((?:[^"\\]|\\["\\])*)"|([^\s"(){%*\\]+\*?|\*|\([^()]*\))')
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class _Bad(Exception):
    """The client's command is not what the standard says, or not known here."""


class _No(Exception):
    """Understood and refused."""


async def start_imap(letters: Letters, host: str, port: int) -> asyncio.Server:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            await _Session(letters, reader, writer).talk()
        writer.close()

    return await asyncio.start_server(talk, host, port, limit=LINE_BYTES_MOST)


class _Session:
    def __init__(self, letters: Letters, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._letters = letters
        self._reader = reader
        self._writer = writer
        self._address: str | None = None
        self._shown: list[Letter] | None = None
        self._is_over = False
        self._commands: dict[str, Callable[[list[str]], str]] = {
            "CAPABILITY": self._name_capabilities,
            "NOOP": self._do_nothing,
            "LOGOUT": self._log_out,
            "LOGIN": self._log_in,
            "SELECT": self._refuse_writing,
            "EXAMINE": self._open,
            "UID": self._read_by_uid,
        }

    async def talk(self) -> None:
        self._say("* OK IMAP4rev1 sandbox.example")
        while not self._is_over:
            await self._writer.drain()
            line = (await self._reader.readuntil(b"\r\n")).decode("utf-8", "replace").removesuffix("\r\n")
            tag, _, rest = line.partition(" ")
            if not re.fullmatch(r"[A-Za-z0-9.]{1,40}", tag):
                self._say("* BAD a command begins with a tag")
                continue
            try:
                self._say(f"{tag} OK {await self._answer(rest)}")
            except _Bad as bad:
                self._say(f"{tag} BAD {bad}")
            except _No as no:
                self._say(f"{tag} NO {no}")
        await self._writer.drain()

    async def _answer(self, rest: str) -> str:
        name, _, arguments = rest.partition(" ")
        if name.upper() == "AUTHENTICATE":
            return await self._authenticate(arguments)
        command = self._commands.get(name.upper())
        if command is None:
            raise _Bad("unknown command")
        return command(_split(arguments))

    def _say(self, line: str) -> None:
        self._writer.write(line.encode() + b"\r\n")

    # Anybody, before and after the login

    def _name_capabilities(self, words: list[str]) -> str:
        _require_count(words, 0)
        self._say(f"* CAPABILITY {CAPABILITIES}")
        return "CAPABILITY completed"

    def _do_nothing(self, words: list[str]) -> str:
        _require_count(words, 0)
        return "NOOP completed"

    def _log_out(self, words: list[str]) -> str:
        _require_count(words, 0)
        self._say("* BYE see you")
        self._is_over = True
        return "LOGOUT completed"

    def _log_in(self, words: list[str]) -> str:
        _require_count(words, 2)
        return self._welcome(*words)

    async def _authenticate(self, mechanism: str) -> str:
        if mechanism.upper() != "PLAIN":
            raise _No("that mechanism is not known here")
        self._say("+ ")
        await self._writer.drain()
        try:
            _, user, password = base64.b64decode(await self._reader.readuntil(b"\r\n")).decode().split("\0")
        except (binascii.Error, ValueError):
            raise _Bad("that is not PLAIN") from None
        return self._welcome(user, password)

    def _welcome(self, user: str, password: str) -> str:
        if self._address is not None:
            raise _Bad("logged in already")
        if "@" not in user or not password:
            raise _No("[AUTHENTICATIONFAILED] log in with an address; any password opens its mailbox")
        self._address = user
        return "LOGIN completed"

    # After the login

    def _refuse_writing(self, words: list[str]) -> str:
        self._require_login()
        _require_count(words, 1)
        raise _No("[CANNOT] this mailbox is for reading only: EXAMINE it")

    def _open(self, words: list[str]) -> str:
        address = self._require_login()
        _require_count(words, 1)
        self._shown = None
        if words[0].upper() != "INBOX":
            raise _No("[NONEXISTENT] there is only INBOX")
        self._shown = self._letters.list_of(address)
        following = max((letter.uid for letter in self._shown), default=0) + 1
        self._say("* FLAGS (\\Seen)")
        self._say(f"* {len(self._shown)} EXISTS")
        self._say("* 0 RECENT")
        self._say(f"* OK [UIDVALIDITY {VALIDITY}] these UIDs are valid")
        self._say(f"* OK [UIDNEXT {following}] the next one, at least")
        return "[READ-ONLY] EXAMINE completed"

    def _require_login(self) -> str:
        if self._address is None:
            raise _Bad("log in first")
        return self._address

    # After EXAMINE

    def _read_by_uid(self, words: list[str]) -> str:
        if self._shown is None:
            raise _Bad("EXAMINE a mailbox first")
        if len(words) < 2:
            raise _Bad("UID wants a command and its arguments")
        command, arguments = words[0].upper(), words[1:]
        if command == "SEARCH":
            found = _search(self._shown, arguments)
            self._say(" ".join(["* SEARCH", *(str(letter.uid) for letter in found)]))
            return "SEARCH completed"
        if command == "FETCH":
            _require_count(arguments, 2)
            for number, letter in _choose(self._shown, arguments[0]):
                self._writer.write(f"* {number} FETCH (".encode() + _show(letter, arguments[1]) + b")\r\n")
            return "FETCH completed"
        raise _Bad("this mailbox is for reading only")


def _split(text: str) -> list[str]:
    """Atoms, quoted strings and lists in parentheses; literals are not taken here."""
    words, at = [], 0
    while at < len(text):
        match = WORD.match(text, at)
        if match is None:
            raise _Bad("that cannot be read")
        words.append(re.sub(r"\\(.)", r"\1", match[1]) if match[1] is not None else match[2])
        at = match.end()
        if at < len(text):
            if text[at] != " ":
                raise _Bad("a space stands between two words")
            at += 1
    return words


def _require_count(words: list[str], count: int) -> None:
    if len(words) != count:
        raise _Bad(f"{count} arguments are wanted")


def _choose(letters: list[Letter], numbers: str) -> Iterator[tuple[int, Letter]]:
    """A set of UIDs like `3,5:7,9:*`; `*` is the last letter (RFC 3501, 9, `sequence-set`)."""
    last = letters[-1].uid if letters else 0
    ranges = []
    for each in numbers.split(","):
        match = re.fullmatch(r"([1-9]\d*|\*)(?::([1-9]\d*|\*))?", each)
        if match is None:
            raise _Bad("that is no set of numbers")
        ends = [last if end == "*" else int(end) for end in (match[1], match[2] or match[1])]
        ranges.append((min(ends), max(ends)))
    for number, letter in enumerate(letters, 1):
        if any(low <= letter.uid <= high for low, high in ranges):
            yield number, letter


def _search(letters: list[Letter], criteria: list[str]) -> list[Letter]:
    found, left = letters, list(criteria)
    while left:
        key = left.pop(0).upper()
        if key == "ALL":
            continue
        if key not in ("UID", "SINCE") or not left:
            raise _Bad("ALL, UID and SINCE are what is searched by here")
        value = left.pop(0)
        if key == "UID":
            kept = {letter.uid for _, letter in _choose(letters, value)}
            found = [letter for letter in found if letter.uid in kept]
        else:
            day = _read_day(value)
            found = [letter for letter in found if _received(letter).date() >= day]
    return found


def _read_day(text: str) -> date:
    match = re.fullmatch(r"(\d{1,2})-([A-Z][a-z]{2})-(\d{4})", text)
    try:
        if match is not None:
            return date(int(match[3]), MONTHS.index(match[2]) + 1, int(match[1]))
    except ValueError:
        match = None
    raise _Bad("a day is written like 7-Nov-2026")


def _received(letter: Letter) -> datetime:
    return datetime.fromtimestamp(letter.received_at, UTC)


def _show(letter: Letter, wanted: str) -> bytes:
    if not (wanted.startswith("(") and wanted.endswith(")")):
        wanted = f"({wanted})"
    return b" ".join(_show_item(letter, item) for item in wanted[1:-1].split(" "))


def _show_item(letter: Letter, item: str) -> bytes:
    name = item.upper()
    if name == "UID":
        return f"UID {letter.uid}".encode()
    if name == "FLAGS":
        return b"FLAGS ()"
    if name == "RFC822.SIZE":
        return f"RFC822.SIZE {len(letter.raw)}".encode()
    if name == "INTERNALDATE":
        at = _received(letter)
        return f'INTERNALDATE "{at.day:2}-{MONTHS[at.month - 1]}-{at:%Y %H:%M:%S} +0000"'.encode()
    match = re.fullmatch(r"BODY(?:\.PEEK)?\[\](?:<(\d+)\.([1-9]\d*)>)?", name)
    if match is None:
        raise _Bad("UID, FLAGS, INTERNALDATE, RFC822.SIZE and BODY[] are what can be fetched here")
    begin = int(match[1] or 0)
    raw = letter.raw[begin : begin + int(match[2])] if match[1] else letter.raw
    origin = f"<{begin}>" if match[1] else ""
    return f"BODY[]{origin} {{{len(raw)}}}\r\n".encode() + raw
