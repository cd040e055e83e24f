"""A Mastodon account: public posts as one thread per incident, edited and removed in place."""

import hashlib
from collections.abc import Callable
from datetime import datetime
from functools import cache, partial

import regex
from pydantic import BaseModel, Field, SecretStr

from chatops.domain.errors import NotSent, Refused, Uncertain
from chatops.domain.ids import OutletKey
from chatops.domain.wording import Abilities, OutletSpec, TextLimits
from chatops.outlets import BaseUrl, ShortSettings
from chatops.outlets.counting import count_graphemes
from chatops.outlets.http import Answer, Http, name_place
from chatops.outlets.mastodon_calls import CLOCK_SKEW, KEY_AGE, STATUSES, MastodonApi, Status, name_status, real_now
from chatops.usecases.ports import Outlet, Posting, Sent

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
ABILITIES = Abilities(
    edit=True,
    retract=True,
    thread=True,
    settled_by="own_key",
    mentions=True,
    reply=True,
    replies_settled_by="own_key",
    reply_names_author=True,
)
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


def build_api(settings: Settings, http: Http, *, now: Callable[[], datetime] = real_now) -> MastodonApi:
    return MastodonApi(http, settings.base_url, settings.token, token_env=settings.token_env, now=now)


class _StatusLimits(BaseModel):
    max_characters: int
    characters_reserved_per_url: int


class _Configuration(BaseModel):
    statuses: _StatusLimits


class _Server(BaseModel):
    configuration: _Configuration


class Mastodon:
    def __init__(
        self, settings: Settings, spec: OutletSpec, http: Http, now: Callable[[], datetime] = real_now
    ) -> None:
        self.spec = spec
        self._settings = settings
        self._api = build_api(settings, http, now=now)

    async def send(self, posting: Posting) -> Sent:
        body = self._build_body(posting)
        if self._api.now() - _find_start(posting) > KEY_AGE:
            found = await self.find(posting)
            if found:
                return found
        # A post that was removed by hand cannot be answered; then the thread goes on from the one before it.
        parents = [*reversed(posting.earlier[-3:]), None]
        for parent in parents:
            answer = await self._api.write("POST", STATUSES, body | _answer_to(parent), key=build_key(posting))
            if answer.status != 404:
                break
        self._require_taken(answer, posting)
        note = None if parent == parents[0] else "The post it was to continue is gone there."
        return _name_sent(self._api.parse_written(answer), note=note)

    async def find(self, posting: Posting) -> Sent | None:
        """Among our own posts since the broadcast began: the oldest with these words that is no earlier update."""
        found: Status | None = None
        async for status in self._api.list_own(_find_start(posting) - CLOCK_SKEW):
            if status.id not in posting.earlier and await self._api.says(status.id, posting.words):
                found = status
        return _name_sent(found) if found else None

    async def edit(self, posting: Posting) -> Sent:
        answer = await self._api.write("PUT", _name_target(posting), self._build_body(posting))
        if answer.status == 404:
            raise Refused(f"The post is gone from {self._api.place}, so it cannot be corrected there.")
        self._require_taken(answer, posting)
        return _name_sent(self._api.parse_written(answer))

    async def retract(self, posting: Posting) -> Sent:
        answer = await self._api.write("DELETE", _name_target(posting))
        if answer.status == 404:
            return Sent(remote_id=posting.target, note="It was gone there already.")
        self._require_taken(answer, posting)
        return Sent(remote_id=posting.target)

    async def check(self) -> str:
        """Reads the account and the server's limits; a change of a post that is not there proves the right to write."""
        account, place = await self._api.load_account(), self._api.place
        try:
            answer = await self._api.write("PUT", name_status(NO_STATUS), {"status": "."})
        except Uncertain as error:
            raise NotSent(f"{place} did not answer. Nothing was posted.") from error
        if answer.status != 404:
            self._api.require_success(answer)
        said = f"@{account.acct} at {place}, may post"
        try:
            server = self._api.parse(_Server.model_validate_json, await self._api.read("/api/v2/instance"))
        except (NotSent, Refused):
            return f"{said}; its limits cannot be read, taken for {self._settings.max_chars} characters"
        return f"{said}; {self._compare(server.configuration.statuses)}"

    def _compare(self, limits: _StatusLimits) -> str:
        chars, url_chars = limits.max_characters, limits.characters_reserved_per_url
        if chars < self._settings.max_chars or url_chars > self._settings.url_chars:
            raise Refused(
                f"{self._api.place} takes {chars} characters and counts a link as {url_chars}. "
                f"Write max_chars = {chars} and url_chars = {url_chars} into the outlet's settings."
            )
        if (chars, url_chars) == (self._settings.max_chars, self._settings.url_chars):
            return f"up to {chars} characters"
        return f"it would take {chars} characters with links as {url_chars}: max_chars and url_chars may say so"

    def _build_body(self, posting: Posting) -> dict[str, str]:
        return build_body(posting.words, "public", self._settings.language)

    def _require_taken(self, answer: Answer, posting: Posting) -> None:
        chars = self.spec.limits.count(posting.words)
        self._api.require_taken(answer, chars=chars, max_chars=self._settings.max_chars)


def build_body(words: str, visibility: str, language: str | None) -> dict[str, str]:
    return {"status": words, "visibility": visibility} | ({"language": language} if language else {})


def build_key(posting: Posting) -> str:
    """The Idempotency-Key: one delivery of exactly these words."""
    return hashlib.sha256(f"{posting.key}\n{posting.digest}".encode()).hexdigest()


def _name_target(posting: Posting) -> str:
    if not posting.target:
        raise Refused("It is not known which post this is about. Change it by hand there.")
    return name_status(posting.target)


def _name_sent(status: Status, *, note: str | None = None) -> Sent:
    return Sent(url=status.url, remote_id=status.id, note=note)


def _find_start(posting: Posting) -> datetime:
    """`started_at` is older where a person asked for another try; the words may stand since then."""
    return min(posting.first_tried_at, posting.started_at or posting.first_tried_at)


def _answer_to(parent: str | None) -> dict[str, str]:
    return {"in_reply_to_id": parent} if parent else {}
