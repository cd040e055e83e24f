"""Any of Apprise's services, for pagers and chats that have no outlet of their own. https://appriseit.com"""

import asyncio
import hashlib
import importlib
import logging
import re
import threading
from collections.abc import Callable
from contextlib import suppress
from importlib.util import find_spec
from types import ModuleType
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, SecretStr

from chatops.domain.errors import NotSent, Refused, Uncertain
from chatops.domain.ids import OutletKey
from chatops.domain.wording import Abilities, OutletSpec, TextLimits
from chatops.outlets import Named, OutletSettings
from chatops.outlets.http import Http
from chatops.usecases.ports import Outlet, Posting, Sent

NAME = "apprise"
LABEL = "Apprise"
LIMITS = TextLimits(max_chars=32_768)
"""Where the service itself takes less, that counts."""
ABILITIES = Abilities(settled_by="person")
"""Apprise tells success or failure, and nothing of the post: no id, no link, no reason."""
COST: Callable[[str], str] | None = None

PATIENCE_SECONDS = 30.0
SHORT_CHARS = 2000
"""A service that takes less gets the words for short posts."""

library: ModuleType | None = importlib.import_module("apprise") if find_spec("apprise") else None
"""The optional package; None where it is not installed."""

# Its own log repeats addresses and what services answered.
logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)


def _check_url(url: SecretStr) -> SecretStr:
    text = url.get_secret_value()
    if not re.match(r"[A-Za-z][A-Za-z0-9.+-]*://\S", text) or not text.isprintable():
        raise ValueError("must be an address as Apprise writes it, like pover://user@token")
    return url


class Settings(OutletSettings):
    """`[outlets.apprise.NAME]`; the URL is the secret, as https://appriseit.com/services describes it."""

    url: Annotated[SecretStr, AfterValidator(_check_url)] = Field(description="pover://user@token")
    url_env: Annotated[str, Named("APPRISE_{name}_URL")] = "APPRISE_URL"
    link: Literal["always", "first", "never"] = "always"


def build_spec(settings: Settings, *, key: OutletKey, label: str) -> OutletSpec:
    service = find_service(settings.url)
    limits = TextLimits(max_chars=min(LIMITS.max_chars, service.body_maxlen)) if service else LIMITS
    return OutletSpec(
        key=key,
        label=label,
        account=_name_account(settings.url.get_secret_value()),
        limits=limits,
        abilities=ABILITIES,
        form="short" if limits.max_chars < SHORT_CHARS else "letter",
        cost=COST,
        link=settings.link,
    )


def build(settings: Settings, *, key: OutletKey, label: str, http: Http) -> Outlet | None:
    return Apprise(settings, build_spec(settings, key=key, label=label))


def find_service(url: SecretStr) -> Any:
    """Apprise's own object for that address; None where Apprise is missing or does not know such an address."""
    service = library.Apprise.instantiate(url.get_secret_value()) if library else None
    if service is not None:
        service.retry = 0  # `?retry=3` would post three times where only the answer is lost
    return service


def _require_library() -> ModuleType:
    if library is None:
        # Not a refusal: once it is installed, the same words can go out.
        raise NotSent("Apprise is not installed. Run: pip install 'chatops[apprise]', and start again.")
    return library


def _name_account(url: str) -> str:
    """An approval covers which account it is. Slow to compute, because a URL may hold a password easy to guess."""
    fingerprint = hashlib.pbkdf2_hmac("sha256", url.encode(), b"chatops.outlets.apprise", 100_000)
    return f"{url.partition(':')[0].lower()} ({fingerprint[:4].hex()})"


class Apprise:
    """Posts once, in a thread of its own; whatever is not a success, a person looks into."""

    def __init__(self, settings: Settings, spec: OutletSpec, patience_seconds: float = PATIENCE_SECONDS) -> None:
        self.spec = spec
        self._url = settings.url
        self._variable = settings.url_env
        self._patience_seconds = patience_seconds

    async def send(self, posting: Posting) -> Sent:
        notify = self._build_call(posting)
        try:
            async with asyncio.timeout(self._patience_seconds):
                is_sent = await _run_beside(notify)
        except TimeoutError:
            raise Uncertain("Apprise gave no answer in time, so it may be there all the same.") from None
        except UnicodeError:
            raise Refused("These words hold a character that cannot be sent. Remove it and try again.") from None
        except Exception:  # somebody else's plugin may fail in any way, before or after it posted
            raise Uncertain("Apprise failed, so it is not known whether it is there.") from None
        if not is_sent:
            # Refused, unreachable, no answer: Apprise tells all of them alike.
            raise Uncertain("Apprise says that it failed, and not why. Look there, and check the address.")
        return Sent()

    async def find(self, posting: Posting) -> Sent | None:  # noqa: ARG002 - the port's signature
        raise Uncertain("Apprise cannot look up what was posted. Please look there.")

    async def check(self) -> str:
        self._require_service()
        kind = self.spec.account.partition(" ")[0]
        return f"Apprise understands the address ({kind}); only a post would show whether the service takes it"

    def _require_service(self) -> Any:
        _require_library()
        service = find_service(self._url)
        if service is None:
            raise Refused(f"Apprise does not understand the address in {self._variable}.")
        return service

    def _build_call(self, posting: Posting) -> Callable[[], bool]:
        service, apprise = self._require_service(), _require_library()
        sender = apprise.Apprise(asset=apprise.AppriseAsset(async_mode=False))
        sender.add(service)
        # Where a service has no titles, Apprise would put it into the words.
        title = (posting.subject or "") if service.title_maxlen > 0 else ""
        return lambda: bool(sender.notify(body=posting.words, title=title, body_format="text"))


async def _run_beside(work: Callable[[], bool]) -> bool:
    """In a thread that nobody waits for at the end of the program: a plugin may hang for minutes."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[bool] = loop.create_future()

    def settle(result: bool, error: Exception | None) -> None:  # noqa: FBT001 - called through the loop
        if future.done():
            return
        if error is None:
            future.set_result(result)
        else:
            future.set_exception(error)

    def run() -> None:
        result, error = False, None
        try:
            result = work()
        except Exception as trouble:  # handed over to whoever waits
            error = trouble
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(settle, result, error)

    threading.Thread(target=run, daemon=True, name="chatops-apprise").start()
    return await future
