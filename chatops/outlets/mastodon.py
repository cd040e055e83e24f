"""A Mastodon account: public posts as one thread per incident, edited and removed in place."""

import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from typing import TypeVar
from urllib.parse import quote, urlencode

import regex
from pydantic import AwareDatetime, BaseModel, Field, SecretStr, TypeAdapter

from chatops.domain.errors import NotSent, Refused, Uncertain
from chatops.domain.ids import OutletKey
from chatops.domain.wording import Abilities, OutletSpec, TextLimits
from chatops.outlets import BaseUrl, ShortSettings
from chatops.outlets.counting import count_graphemes
from chatops.outlets.http import LONGEST_RETRY_AFTER, Answer, Http, name_place, require_success
from chatops.usecases.ports import Outlet, Posting, Sent

T = TypeVar("T")

KEY_AGE = timedelta(minutes=50)
"""Mastodon forgets an Idempotency-Key after an hour: https://docs.joinmastodon.org/methods/statuses/#headers"""
CLOCK_SKEW = timedelta(minutes=5)
PAGE_STATUSES = 40
MOST_PAGES = 8
"""So far back a look-up reads before it says that it cannot know."""
NO_STATUS = "0"
"""An id that no status has."""

_TLDS = (
    "com|org|net|info|biz|name|pro|int|edu|gov|mil|dev|app|cloud|page|site|online|tech|blog|media|news|shop|store"
    "|systems|services|support|software|solutions|network|digital|email|agency|zone|world|work|wiki|live|link|team"
    "|ac|ae|ag|ai|am|ar|as|at|au|az|ba|bd|be|bg|bh|bo|br|bs|by|bz|ca|cc|cd|ch|ci|cl|cm|cn|co|cr|cy|cz|de|dk|do|dz"
    "|ec|ee|eg|es|et|eu|fi|fj|fm|fo|fr|ge|gg|gh|gi|gl|gr|gt|hk|hn|hr|ht|hu|id|ie|il|im|in|io|iq|ir|is|it|je|jm|jo"
    "|jp|ke|kg|kh|kr|kw|kz|la|lb|li|lk|lt|lu|lv|ly|ma|mc|md|me|mg|mk|ml|mn|mo|mt|mu|mv|mx|my|mz|na|nf|ng|ni|nl|no"
    "|np|nu|nz|om|pa|pe|pg|ph|pk|pl|pr|ps|pt|py|qa|ro|rs|ru|rw|sa|sc|se|sg|sh|si|sk|sm|sn|so|st|su|sv|tc|tg|th|tj"
    "|tk|tm|tn|to|tr|tt|tv|tw|tz|ua|ug|uk|us|uy|uz|vc|ve|vg|vn|vu|ws|za|zm|zw"
)
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_PIECE = regex.compile(
    # What surely is a link to Mastodon, and surely as long as this; before it stands no other that might swallow it.
    # https://github.com/mastodon/mastodon/blob/main/config/initializers/twitter_regex.rb
    r"(?P<link>(?:(?<!\S)|(?<=(?:^|\s)[(\"'“‘«]))"
    rf"https?://(?!t\.co\b)(?:{_LABEL}\.)+(?:{_TLDS})(?![\w@+-]|\.\w)(?::\d{{1,5}}(?!\d))?"
    r"(?:/(?:[a-z0-9_~%./=&:,;!*$+#@-]*[a-z0-9_/+-])?)?(?:\?[a-z0-9_~%./=&:,;!*$+#?@|^-]*[a-z0-9_&=/-])?)"
    # What may be one; addresses of numbers or without a dot never are.
    r"|(?P<scheme>(?:https?|dat|dweb|ipfs|ipns|ssb|gopher|gemini)://)(?![\d.]*(?:[:/?#\s]|$)|[a-z0-9-]*(?:[:/?#\s]|$))"
    r"|(?P<mention>(?<![^\s(])@[a-z0-9_]+(?:[.-]+[a-z0-9_]+)*)@[a-z0-9_]+(?:[.-]+[a-z0-9_]+)*(?=[\s,;!?)]|$|\.(?:\s|$))",
    regex.IGNORECASE | regex.ASCII,
)
_SHORTEST_HOST = len("a.bc")
_CONJUNCT = regex.compile(r"(?<=[\p{M}\u200D])(?!\p{Script=Hangul})\p{Lo}")


def count_chars(text: str, *, url_chars: int) -> int:
    """As Mastodon counts: characters as people see them, a link as 23, a mention without its server.

    https://github.com/mastodon/mastodon/blob/main/app/validators/status_length_validator.rb
    What only may be a link counts as the longer of both, so this is never less than Mastodon's own count.
    """

    def shorten(match: regex.Match[str]) -> str:
        if match["link"]:
            return "x" * url_chars
        if match["scheme"]:
            return match["scheme"] + "x" * (url_chars - len(match["scheme"]) - _SHORTEST_HOST)
        return match["mention"]

    counted = _PIECE.sub(shorten, text) if "://" in text or "@" in text else text
    if counted.isascii():
        return len(counted) - counted.count("\r\n")
    # Before Unicode 15.1 an Indic conjunct was several characters, and servers live long:
    # https://www.unicode.org/reports/tr29/tr29-43.html#GB9c
    return count_graphemes(_CONJUNCT.sub("x", counted))


@cache
def build_limits(max_chars: int, url_chars: int) -> TextLimits:
    return TextLimits(max_chars=max_chars, count=partial(count_chars, url_chars=url_chars))


NAME = "mastodon"
LABEL = "Mastodon"
LIMITS = build_limits(500, 23)
ABILITIES = Abilities(edit=True, retract=True, thread=True, settled_by="own_key")
"""The own key is the Idempotency-Key; once the server has forgotten it, `send` looks before it posts."""
COST: Callable[[str], str] | None = None


class Settings(ShortSettings):
    """`[outlets.mastodon]`. `max_chars` and `url_chars` are the server's own; `chatops check` compares them."""

    base_url: BaseUrl = Field(description='base_url = "https://mastodon.example"')
    token: SecretStr = Field(min_length=1, description="with the scopes read and write:statuses")
    token_env: str = "MASTODON_TOKEN"  # noqa: S105 - the name of the variable
    language: str | None = Field(default=None, pattern=r"^[a-z]{2,3}$")
    max_chars: int = Field(default=500, ge=100, le=1_000_000)
    url_chars: int = Field(default=23, ge=1, le=1000)


def build_spec(settings: Settings, *, key: OutletKey, label: str) -> OutletSpec:
    return OutletSpec(
        key=key,
        label=label,
        account=name_place(settings.base_url),
        limits=build_limits(settings.max_chars, settings.url_chars),
        abilities=ABILITIES,
        form="short",
        cost=COST,
        link=settings.link,
        split=settings.split,
    )


def build(settings: Settings, *, key: OutletKey, label: str, http: Http) -> Outlet | None:
    return Mastodon(settings, build_spec(settings, key=key, label=label), http)


class _Account(BaseModel):
    id: str
    acct: str


class _Status(BaseModel):
    id: str
    url: str | None
    created_at: AwareDatetime


class _Source(BaseModel):
    text: str


class _StatusLimits(BaseModel):
    max_characters: int
    characters_reserved_per_url: int


class _Configuration(BaseModel):
    statuses: _StatusLimits


class _Server(BaseModel):
    configuration: _Configuration


_STATUSES = TypeAdapter(list[_Status])


def _now() -> datetime:
    return datetime.now(UTC)


class Mastodon:
    """`real_now` is the server's clock as well as ours: its keys age in real time."""

    def __init__(
        self, settings: Settings, spec: OutletSpec, http: Http, real_now: Callable[[], datetime] = _now
    ) -> None:
        self.spec = spec
        self._settings = settings
        self._http = http
        self._place = name_place(settings.base_url)
        self._real_now = real_now
        self._account: _Account | None = None

    async def send(self, posting: Posting) -> Sent:
        body = self._build_body(posting)
        if self._real_now() - _find_start(posting) > KEY_AGE:
            found = await self.find(posting)
            if found:
                return found
        # A post that was removed by hand cannot be answered; then the thread goes on from the one before it.
        parents = [*reversed(posting.earlier[-3:]), None]
        for parent in parents:
            answer = await self._write("POST", "/api/v1/statuses", body | _answer_to(parent), key=build_key(posting))
            if answer.status != 404:
                break
        self._require_success(answer, posting)
        note = None if parent == parents[0] else "The post it was to continue is gone there."
        return self._read_sent(answer, note=note)

    async def find(self, posting: Posting) -> Sent | None:
        """Among our own posts since the broadcast began: the oldest with these words that is no earlier update."""
        self._account = self._account or await self._load_account()
        since = _find_start(posting) - CLOCK_SKEW
        found: _Status | None = None
        limit, before = PAGE_STATUSES, ""
        for _ in range(MOST_PAGES):
            page, limit = await self._load_page(self._account.id, before, limit)
            for status in page:
                may_be_it = status.created_at >= since and status.id not in posting.earlier
                if may_be_it and await self._says(status, posting):
                    found = status
            if not page or page[-1].created_at < since:
                return Sent(url=found.url, remote_id=found.id) if found else None
            before = page[-1].id
        raise Uncertain(f"{self._place} has too many newer posts of this account to look through. Please look there.")

    async def edit(self, posting: Posting) -> Sent:
        answer = await self._write("PUT", self._name_target(posting), self._build_body(posting))
        if answer.status == 404:
            raise Refused(f"The post is gone from {self._place}, so it cannot be corrected there.")
        self._require_success(answer, posting)
        return self._read_sent(answer)

    async def retract(self, posting: Posting) -> Sent:
        answer = await self._write("DELETE", self._name_target(posting))
        if answer.status == 404:
            return Sent(remote_id=posting.target, note="It was gone there already.")
        self._require_success(answer, posting)
        return Sent(remote_id=posting.target)

    async def check(self) -> str:
        """Reads the account and the server's limits; a change of a post that is not there proves the right to write."""
        account = await self._load_account()
        try:
            answer = await self._write("PUT", f"/api/v1/statuses/{NO_STATUS}", {"status": "."})
        except Uncertain as error:
            raise NotSent(f"{self._place} did not answer. Nothing was posted.") from error
        if answer.status != 404:
            self._require_success(answer)
        said = f"@{account.acct} at {self._place}, may post"
        try:
            server = self._parse(_Server.model_validate_json, await self._read("/api/v2/instance"))
        except (NotSent, Refused):
            return f"{said}; its limits cannot be read, taken for {self._settings.max_chars} characters"
        return f"{said}; {self._compare(server.configuration.statuses)}"

    def _compare(self, limits: _StatusLimits) -> str:
        chars, url_chars = limits.max_characters, limits.characters_reserved_per_url
        if chars < self._settings.max_chars or url_chars > self._settings.url_chars:
            raise Refused(
                f"{self._place} takes {chars} characters and counts a link as {url_chars}. "
                f"Write max_chars = {chars} and url_chars = {url_chars} into the outlet's settings."
            )
        if (chars, url_chars) == (self._settings.max_chars, self._settings.url_chars):
            return f"up to {chars} characters"
        return f"it would take {chars} characters with links as {url_chars}: max_chars and url_chars may say so"

    async def _load_account(self) -> _Account:
        return self._parse(_Account.model_validate_json, await self._read("/api/v1/accounts/verify_credentials"))

    async def _load_page(self, account: str, before: str, limit: int) -> tuple[list[_Status], int]:
        """Newest first; fewer at a time where that many are more than the client reads."""
        while True:
            query = {"limit": str(limit), "exclude_reblogs": "true"} | ({"max_id": before} if before else {})
            answer = await self._read(f"/api/v1/accounts/{quote(account, safe='')}/statuses?{urlencode(query)}")
            if answer.is_whole or limit == 1:
                return self._parse(_STATUSES.validate_json, answer), limit
            limit //= 2

    async def _says(self, status: _Status, posting: Posting) -> bool:
        """By the source: what a status shows is HTML made from it. The server strips blanks at both ends."""
        try:
            answer = await self._read(f"/api/v1/statuses/{quote(status.id, safe='')}/source")
        except Refused:  # removed since the list was read
            return False
        return self._parse(_Source.model_validate_json, answer).text.strip() == posting.words.strip()

    def _build_body(self, posting: Posting) -> dict[str, str]:
        language = {"language": self._settings.language} if self._settings.language else {}
        return {"status": posting.words, "visibility": "public"} | language

    def _name_target(self, posting: Posting) -> str:
        if not posting.target:
            raise Refused("It is not known which post this is about. Change it by hand there.")
        return f"/api/v1/statuses/{quote(posting.target, safe='')}"

    async def _read(self, path: str) -> Answer:
        try:
            answer = await self._request("GET", path)
        except Uncertain:
            raise NotSent(f"{self._place} did not answer when it was asked. Nothing was posted.") from None
        self._require_success(answer)
        return answer

    async def _write(self, method: str, path: str, body: dict[str, str] | None = None, *, key: str = "") -> Answer:
        try:
            data = json.dumps(body, ensure_ascii=False).encode() if body else None
        except ValueError:
            raise Refused("These words hold a character that cannot be sent. Remove it and try again.") from None
        headers = ({"Content-Type": "application/json"} if data else {}) | ({"Idempotency-Key": key} if key else {})
        return await self._request(method, path, headers, data)

    async def _request(
        self, method: str, path: str, headers: dict[str, str] | None = None, body: bytes | None = None
    ) -> Answer:
        headers = {"Authorization": f"Bearer {self._settings.token.get_secret_value()}"} | (headers or {})
        # The address is the operator's own word and no redirect is followed, so it may be private.
        url = f"{self._settings.base_url}{path}"
        return await self._http.request(method, url, headers=headers, body=body, allow_private=True)

    def _require_success(self, answer: Answer, posting: Posting | None = None) -> None:
        """https://docs.joinmastodon.org/api/guidelines/#errors"""
        match answer.status:
            case 401:
                env = self._settings.token_env
                raise NotSent(f"{self._place} does not know our token. Put a good one into {env}.", needs_person=True)
            case 403:
                env = self._settings.token_env
                raise NotSent(
                    f"{self._place} does not let us. The token in {env} needs the scopes read and write:statuses, "
                    "and the account must be in good standing.",
                    needs_person=True,
                )
            case 404 if posting:
                raise Refused(f"{self._place} has no place for it: it was removed there by hand, or base_url is wrong.")
            case 422 if posting:
                chars, most = self.spec.limits.count(posting.words), self._settings.max_chars
                raise Refused(
                    f"{self._place} does not take these words. They are {chars} of {most} characters; where the "
                    "server allows fewer, they are too long: `chatops check` compares the limits."
                )
            case 429:
                pause = read_reset(answer, self._real_now())
                raise NotSent(f"{self._place} has had too many requests from us for now.", retry_after=pause)
        require_success(answer, self._place, honours_key=True)

    def _read_sent(self, answer: Answer, *, note: str | None = None) -> Sent:
        try:
            status = _Status.model_validate_json(answer.body)
        except ValueError:
            raise Uncertain(f"{self._place} took the post, it seems, but its answer cannot be read.") from None
        return Sent(url=status.url, remote_id=status.id, note=note)

    def _parse(self, parse: Callable[[bytes], T], answer: Answer) -> T:
        try:
            return parse(answer.body)
        except ValueError:
            raise NotSent(f"{self._place} gives answers that are not Mastodon's. Check base_url.") from None


def build_key(posting: Posting) -> str:
    """The Idempotency-Key: one delivery of exactly these words."""
    return hashlib.sha256(f"{posting.key}\n{posting.digest}".encode()).hexdigest()


def read_reset(answer: Answer, now: datetime) -> timedelta | None:
    """X-RateLimit-Reset is a moment: https://docs.joinmastodon.org/api/rate-limits/#headers"""
    try:
        at = datetime.fromisoformat(answer.headers["X-RateLimit-Reset"])
        return min(max(at - now, timedelta(0)), LONGEST_RETRY_AFTER)
    except (KeyError, ValueError, TypeError):
        return answer.retry_after


def _find_start(posting: Posting) -> datetime:
    """`started_at` is older where a person asked for another try; the words may stand since then."""
    return min(posting.first_tried_at, posting.started_at or posting.first_tried_at)


def _answer_to(parent: str | None) -> dict[str, str]:
    return {"in_reply_to_id": parent} if parent else {}
