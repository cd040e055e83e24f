"""The one outgoing HTTP client of the outlets: time limits, no redirects, bounded answers, guarded addresses."""

import asyncio
import socket
import ssl
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import cache
from http import HTTPStatus
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from types import SimpleNamespace
from urllib.parse import urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from chatops import __version__
from chatops.domain.errors import DeliveryError, NotSent, Refused, Uncertain

CONNECT_SECONDS = 10
TOTAL_SECONDS = 30
MAX_BODY_BYTES = 64 * 1024
CONNECTIONS_PER_HOST = 4
LONGEST_RETRY_AFTER = timedelta(hours=1)
"""A delivery is given up after a day: no answer may use that up with one number."""

TROUBLE = (aiohttp.ClientError, OSError, TimeoutError, ValueError)
"""What an HTTP call raises; ValueError comes from addresses that cannot be encoded."""

# Global by the registry of old, and yet not the public internet: IETF protocol assignments (cloud metadata at Oracle),
# 6to4 relays, benchmarks, and the one public address that is Azure's metadata server.
_SPECIAL = tuple(
    ip_network(text) for text in ("192.0.0.0/24", "192.88.99.0/24", "198.18.0.0/15", "168.63.129.16/32", "fec0::/10")
)
_NAT64 = ip_network("64:ff9b::/96")
"""RFC 6052: where there is only IPv6, the resolver writes every IPv4 address like this."""

_HINTS = {
    401: "it does not know us. Check the secret and the address in the settings.",
    403: "it does not let us. Check the secret and the address in the settings.",
    404: "there is nothing. Check the address in the settings.",
    410: "it takes no more updates. Remove it from the settings, or put in its new address.",
    413: "the update is too big for it.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back. `is_whole` False: the body went on beyond our limits, or broke off."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    is_whole: bool
    retry_after: timedelta | None = None


class Http:
    """Raises only NotSent (before anything was sent), Uncertain (after that) and Refused (a guarded address).

    Every request has a connection of its own, and only one: on a kept one nobody can tell whether a lost request was
    read. Sessions open with the first request, so that building costs nothing.
    """

    def __init__(
        self,
        *,
        connect_seconds: float = CONNECT_SECONDS,
        total_seconds: float = TOTAL_SECONDS,
        max_body_bytes: int = MAX_BODY_BYTES,
        connections_per_host: int = CONNECTIONS_PER_HOST,
        build_resolver: Callable[[], AbstractResolver] = aiohttp.ThreadedResolver,
    ) -> None:
        self._connect_seconds = connect_seconds
        self._timeout = aiohttp.ClientTimeout(total=total_seconds, connect=connect_seconds)
        self._max_body_bytes = max_body_bytes
        self._connections_per_host = connections_per_host
        self._build_resolver = build_resolver
        self._sessions: dict[bool, aiohttp.ClientSession] = {}

    async def __aenter__(self) -> "Http":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        for session in self._sessions.values():
            await session.close()
        self._sessions.clear()

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        allow_private: bool = False,
        max_body_bytes: int | None = None,
    ) -> Answer:
        """One request, never repeated, no redirect followed; any status is an answer (see `require_success`).

        `max_body_bytes`: for reads whose answer is long by nature, such as a list of posts.
        """
        place = name_place(url)
        progress = SimpleNamespace(is_connected=False)
        try:
            target = URL(url)
            if not allow_private:
                _require_public_literal(target)
            async with self._get_session(allow_private=allow_private).request(
                method, target, data=body, headers=headers, allow_redirects=False, trace_request_ctx=progress
            ) as response:
                return await self._read(response, max_body_bytes or self._max_body_bytes)
        except TROUBLE as error:
            raise _explain(error, place, is_sent=progress.is_connected) from None

    async def connect(self, url: str, *, allow_private: bool = False) -> bool:
        """Name, guard, TCP and TLS without any request; True where the connection is encrypted."""
        place = name_place(url)
        try:
            target = URL(url)
            tls = _load_tls() if target.scheme == "https" else None  # before the clock runs: it reads many files
            async with asyncio.timeout(self._connect_seconds):
                addresses = await self._find_addresses(target, allow_private=allow_private)
                await _connect_one(addresses, target, tls)
        except TROUBLE as error:
            raise _explain(error, place, is_sent=False) from None
        return target.scheme == "https"

    async def _find_addresses(self, target: URL, *, allow_private: bool) -> list[str]:
        host = target.raw_host or ""
        if not allow_private:
            _require_public_literal(target)
        if _parse_literal(host):
            return [host]
        inner = self._build_resolver()
        resolver = inner if allow_private else _GuardedResolver(inner)
        try:
            return [each["host"] for each in await resolver.resolve(host, target.port or 0, socket.AF_UNSPEC)]
        finally:
            await resolver.close()

    def _get_session(self, *, allow_private: bool) -> aiohttp.ClientSession:
        """One for guarded and one for free addresses."""
        if allow_private not in self._sessions:
            self._sessions[allow_private] = self._open_session(allow_private=allow_private)
        return self._sessions[allow_private]

    def _open_session(self, *, allow_private: bool) -> aiohttp.ClientSession:
        inner = self._build_resolver()
        connector = aiohttp.TCPConnector(
            limit=0,  # no common pool: a host that hangs holds only its own few connections
            limit_per_host=self._connections_per_host,
            force_close=True,
            use_dns_cache=False,  # the address that was checked is the one that is connected to
            resolver=inner if allow_private else _GuardedResolver(inner),
        )
        return aiohttp.ClientSession(
            connector=connector,
            timeout=self._timeout,
            trace_configs=[_build_trace()],
            cookie_jar=aiohttp.DummyCookieJar(),
            # Not packed: a small answer cannot unpack into a big one.
            auto_decompress=False,
            headers={"User-Agent": f"chatops/{__version__}", "Accept-Encoding": "identity"},
        )

    async def _read(self, response: aiohttp.ClientResponse, max_body_bytes: int) -> Answer:
        """The status line counts: a body that does not end, or breaks off, takes nothing back."""
        body, is_whole = bytearray(), False
        with suppress(*TROUBLE):
            while len(body) < max_body_bytes and not is_whole:
                chunk = await response.content.read(max_body_bytes - len(body))
                is_whole = not chunk
                body += chunk
            is_whole = is_whole or response.content.at_eof()
        response.close()
        return Answer(
            status=response.status,
            headers=response.headers,
            body=bytes(body),
            is_whole=is_whole,
            retry_after=parse_retry_after(response.headers.get("Retry-After"), datetime.now(UTC)),
        )


@cache
def _load_tls() -> ssl.SSLContext:
    return ssl.create_default_context()


async def _connect_one(addresses: list[str], target: URL, tls: ssl.SSLContext | None) -> None:
    """The first that can be reached, as a request would find it."""
    name = (target.raw_host or "").rstrip(".") if tls else None
    trouble: OSError = ConnectionError("no address")
    for address in addresses:
        try:
            _, writer = await asyncio.open_connection(address, target.port, ssl=tls, server_hostname=name)
        except OSError as error:
            trouble = error
            continue
        writer.transport.abort()
        return
    raise trouble


def _build_trace() -> aiohttp.TraceConfig:
    """Tells when the connection stood, TLS included: up to there nothing of a request can have been sent."""

    async def forbid_second(
        _: aiohttp.ClientSession, context: SimpleNamespace, __: aiohttp.TraceConnectionCreateStartParams
    ) -> None:
        # aiohttp sends GET, PUT, DELETE once more by itself where the answer was lost; a PUT may be a post.
        if context.trace_request_ctx.is_connected:
            raise aiohttp.ServerDisconnectedError

    async def note_connected(
        _: aiohttp.ClientSession, context: SimpleNamespace, __: aiohttp.TraceConnectionCreateEndParams
    ) -> None:
        context.trace_request_ctx.is_connected = True

    trace = aiohttp.TraceConfig()
    trace.on_connection_create_start.append(forbid_second)
    trace.on_connection_create_end.append(note_connected)
    return trace


def require_success(answer: Answer, place: str, *, honours_key: bool) -> None:
    """Raise what a status other than 2xx means for the delivery.

    `honours_key`: the receiver knows a repeat by its key, so whatever is not a clear no may be tried again.
    """
    status = answer.status
    if 200 <= status < 300:
        return
    said = f"{place} answered {_name_status(status)}"
    if 300 <= status < 400:
        raise Refused(f"{said}: it has moved, and redirects are not followed. Put its new address into the settings.")
    if status == HTTPStatus.UNAUTHORIZED:
        raise NotSent(f"{said}: {_HINTS[status]}", retry_after=answer.retry_after, needs_person=True)
    if status in (425, 429):
        raise NotSent(f"{said}: we are to try again later.", retry_after=answer.retry_after)
    if 400 <= status < 500 and status != 408:
        raise Refused(f"{said}: {_HINTS.get(status, 'it does not take this update.')}")
    if not honours_key:
        raise Uncertain(f"{said}: it may have been taken all the same.")
    raise NotSent(f"{said}: it could not take the update now.", retry_after=answer.retry_after)


def _name_status(status: int) -> str:
    """In the registry's words; the server's own reason may be anything."""
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def parse_retry_after(text: str | None, now: datetime) -> timedelta | None:
    """Seconds or an HTTP date (RFC 9110, 10.2.3); None where it is neither."""
    if text is None:
        return None
    text = text.strip()
    if text.isascii() and text.isdigit():
        # Many digits are many seconds; int() itself refuses thousands of them.
        return min(timedelta(seconds=int(text[:9])), LONGEST_RETRY_AFTER) if len(text) < 10 else LONGEST_RETRY_AFTER
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return min(max(at - now, timedelta(0)), LONGEST_RETRY_AFTER)


def name_place(url: str) -> str:
    """`https://user:password@hook.example:8443/path?token=…` → `hook.example:8443`: all that an error may say of it."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "the address", parts.port
    except ValueError:
        return "the address"
    host = f"[{host}]" if ":" in host else host
    return f"{host}:{port}" if port else host


def _explain(error: Exception, place: str, *, is_sent: bool) -> DeliveryError:
    """What trouble means for the delivery; never in the words of the library, which hold the whole URL."""
    if is_sent:
        return Uncertain(f"{place} did not answer, so it is not known whether it took the update.")
    cause = error.os_error if isinstance(error, aiohttp.ClientConnectorDNSError) else error
    if isinstance(cause, PrivateAddress):
        return Refused(
            f"{place} is a private address, or a name that leads to one, so nothing was sent. "
            "If that is meant, write allow_private = true into the outlet's settings."
        )
    if isinstance(error, aiohttp.InvalidURL):
        return Refused(f"The address of {place} cannot be used as it is written. Check the settings.")
    return _explain_unreached(error, place)


def _explain_unreached(error: Exception, place: str) -> NotSent:
    if isinstance(error, aiohttp.ClientSSLError | ssl.SSLError):
        return NotSent(f"{place} offers no encryption that can be trusted. Check its address and its certificate.")
    if isinstance(error, TimeoutError):
        return NotSent(f"{place} does not answer in time.")
    if isinstance(error, aiohttp.ClientConnectorDNSError | socket.gaierror):
        return NotSent(f"The name {place} cannot be found. Check the address in the settings.")
    return NotSent(f"{place} cannot be reached.")


class PrivateAddress(OSError):
    """Not an address of the public internet. An OSError, because that is what aiohttp takes from a resolver."""


class _GuardedResolver(AbstractResolver):
    """Lets only public addresses through, so that no name, however it changes, leads into our own network."""

    def __init__(self, inner: AbstractResolver) -> None:
        self._inner = inner

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self._inner.resolve(host, port, family)
        if not all(is_public(each["host"]) for each in found):
            raise PrivateAddress
        return found

    async def close(self) -> None:
        await self._inner.close()


def _require_public_literal(target: URL) -> None:
    """An address written as such reaches no resolver: neither 127.0.0.1 nor what a socket takes for it, 2130706433."""
    host = (target.raw_host or "").rstrip(".")
    is_numeric = ":" in host or host.replace(".", "").isdigit()
    literal = _parse_literal(host)
    if (is_numeric or literal) and not (literal and _is_public(literal)):
        raise PrivateAddress


def _parse_literal(host: str) -> IPv4Address | IPv6Address | None:
    """Any spelling that a socket understands: `127.0.0.1`, `127.1`, `0x7f.1`, `0177.0.0.1`, `2130706433`, `::1`."""
    with suppress(ValueError):
        return ip_address(host)
    with suppress(OSError, ValueError):
        return ip_address(socket.inet_aton(host))
    return None


def is_public(host: str) -> bool:
    """Whether the address belongs to the public internet; False for what is no address."""
    literal = _parse_literal(host)
    return literal is not None and _is_public(literal)


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    """Also where one address carries another: mapped, NAT64, 6to4, Teredo."""
    carried = _list_carried(address) if isinstance(address, IPv6Address) else []
    if carried:
        return all(_is_public(each) for each in carried)
    return (
        address.is_global
        and not (address.is_multicast or address.is_reserved or address.is_unspecified or address.is_link_local)
        and not any(address.version == network.version and address in network for network in _SPECIAL)
    )


def _list_carried(address: IPv6Address) -> list[IPv4Address]:
    if address in _NAT64:
        return [IPv4Address(int(address) & 0xFFFFFFFF)]
    plain = [each for each in (address.ipv4_mapped, address.sixtofour) if each is not None]
    return [*plain, *(address.teredo or ())]
