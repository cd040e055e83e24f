"""The outlets' HTTP client on real sockets: what each kind of trouble means, and where it never goes."""

import asyncio
import socket
import ssl
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from chatops.domain.errors import DeliveryError, NotSent, Refused, Uncertain
from chatops.outlets.http import (
    Answer,
    Http,
    PrivateAddress,
    _GuardedResolver,
    is_public,
    name_place,
    parse_retry_after,
    require_success,
)

from .http_servers import Reply, answer, answer_endlessly, answer_half, answer_slowly, reset, serve
from .mail_servers import find_closed_port

NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
SECRET = "sesame"


class Names(AbstractResolver):
    """A DNS of our own: each question takes the next answer; the last one stays."""

    def __init__(self, *answers: list[str] | OSError) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        self.asked.append(host)
        found = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(found, OSError):
            raise found
        return [
            ResolveResult(hostname=host, host=each, port=port, family=socket.AF_INET, proto=0, flags=0)
            for each in found
        ]

    async def close(self) -> None:
        pass


def url_of(port: int, host: str = "127.0.0.1", scheme: str = "http") -> str:
    return f"{scheme}://{host}:{port}/hook?token={SECRET}"


async def test_an_answer_comes_back_as_it_is(http: Http) -> None:
    async with serve(answer(201, "X-Id: 7", "Retry-After: 5", body=b'{"id":7}')) as place:
        got = await http.request("POST", url_of(place.port), headers={"X-Mine": "1"}, body=b"words", allow_private=True)
    assert (got.status, got.headers["x-id"], got.body, got.is_whole) == (201, "7", b'{"id":7}', True)
    assert got.retry_after == timedelta(seconds=5)
    (request,) = place.requests
    assert (request.line, request.body) == (f"POST /hook?token={SECRET} HTTP/1.1", b"words")
    assert request.headers["x-mine"] == "1"
    assert request.headers["user-agent"].startswith("chatops/")
    assert request.headers["accept-encoding"] == "identity"


async def test_nothing_of_an_answer_shows_in_its_repr(http: Http) -> None:
    async with serve(answer(200, f"X-Token: {SECRET}", body=SECRET.encode())) as place:
        assert SECRET not in repr(await http.request("GET", url_of(place.port), allow_private=True))


async def test_cookies_are_not_kept(http: Http) -> None:
    async with serve(answer(200, "Set-Cookie: a=b")) as place:
        for _ in range(2):
            await http.request("GET", f"http://localhost:{place.port}/", allow_private=True)
    assert ["cookie" in request.headers for request in place.requests] == [False, False]


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "127.255.255.254", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "0.0.0.0"),
        *("0.1.2.3", "169.254.169.254", "100.64.0.1", "100.100.100.200", "168.63.129.16", "192.0.0.192"),
        *("224.0.0.1", "239.1.2.3", "240.0.0.1", "255.255.255.255", "198.18.0.1", "192.0.2.1", "192.88.99.1"),
        *("127.1", "0x7f.1", "0x7f000001", "0177.0.0.1", "2130706433", "017700000001", "10.1"),
        *("::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "fec0::1", "ff02::1", "2001:db8::1"),
        *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:7f00:1", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::1"),
        *("64:ff9b::169.254.169.254", "2002:7f00:1::1", "2002:c0a8:101::1", "100::1", "2001:0:4136:e378::3f57:fefe"),
        *("localhost", "", "partner.example", "1.2.3.4.5", "999.1.1.1"),
    ],
)
def test_what_is_not_the_public_internet(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address",
    ["8.8.8.8", "1.1.1.1", "93.184.216.34", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "64:ff9b::8.8.8.8"],
)
def test_what_is_the_public_internet(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "127.0.0.1.", "127.1", "0x7f.1", "0x7f000001", "0177.0.0.1", "2130706433", "017700000001"),
        *("localhost", "localhost.", "LOCALHOST", "0.0.0.0", "0", "[::1]", "[::]", "[::ffff:127.0.0.1]"),
        *("[::ffff:7f00:1]", "[64:ff9b::7f00:1]", "１２７.0.0.1", "127。0。0。1", "%31%32%37.0.0.1", "127.0.0.1%2e"),
    ],
)
@pytest.mark.parametrize("call", ["request", "connect"])
async def test_no_spelling_of_this_machine_is_reached(http: Http, host: str, call: str) -> None:
    async with serve(answer(200)) as place:
        with pytest.raises((Refused, NotSent)) as caught:
            await (
                http.request("POST", url_of(place.port, host))
                if call == "request"
                else http.connect(url_of(place.port, host))
            )
        assert place.connections == 0
    assert SECRET not in str(caught.value)
    if host in ("127.0.0.1", "2130706433", "localhost", "[::1]", "0x7f.1"):
        assert isinstance(caught.value, Refused)
        assert "allow_private = true" in str(caught.value)


@pytest.mark.parametrize("found", [["127.0.0.1"], ["8.8.8.8", "10.0.0.1"], ["169.254.169.254"], ["::1"]])
async def test_a_name_that_leads_inside_is_refused(found: list[str]) -> None:
    async with Http(build_resolver=lambda: Names(found)) as http, serve(answer(200)) as place:
        with pytest.raises(Refused, match=r"partner\.example:\d+ is a private address, or a name that leads to one"):
            await http.request("POST", url_of(place.port, "partner.example"))
        with pytest.raises(Refused, match="private address"):
            await http.connect(url_of(place.port, "partner.example"))
        assert place.connections == 0


async def test_a_name_that_changes_is_checked_at_every_connection() -> None:
    names = Names(["8.8.8.8"], ["127.0.0.1"])
    guarded = _GuardedResolver(names)
    assert [each["host"] for each in await guarded.resolve("partner.example")] == ["8.8.8.8"]
    with pytest.raises(PrivateAddress):
        await guarded.resolve("partner.example")


async def test_the_address_that_was_checked_is_used_and_never_kept() -> None:
    names = Names(["127.0.0.1"])
    async with Http(build_resolver=lambda: names) as http, serve(answer(200)) as place:
        for _ in range(3):
            await http.request("GET", url_of(place.port, "partner.example"), allow_private=True)
    assert names.asked == ["partner.example"] * 3
    assert place.connections == 3


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_no_redirect_is_followed(http: Http, method: str, status: int) -> None:
    async with serve(answer(200)) as inside:
        moved = answer(status, f"Location: http://127.0.0.1:{inside.port}/?{SECRET}")
        async with serve(moved) as place:
            got = await http.request(method, url_of(place.port), allow_private=True)
        with pytest.raises(Refused, match="redirects are not followed") as caught:
            require_success(got, "partner.example", honours_key=True)
    assert (got.status, inside.connections) == (status, 0)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    ("status", "honours_key", "outcome", "words"),
    [
        (408, True, NotSent, "408 Request Timeout"),
        (408, False, Uncertain, "may have been taken"),
        (425, False, NotSent, "try again later"),
        (429, True, NotSent, "429 Too Many Requests"),
        (429, False, NotSent, "429 Too Many Requests"),
        (500, True, NotSent, "500 Internal Server Error"),
        (500, False, Uncertain, "500 Internal Server Error"),
        (503, True, NotSent, "503 Service Unavailable"),
        (504, False, Uncertain, "504 Gateway Timeout"),
        (599, True, NotSent, "answered 599:"),
        (400, True, Refused, "400 Bad Request: it does not take this update"),
        (401, True, NotSent, "Check the secret"),
        (404, False, Refused, "404 Not Found: there is nothing"),
        (410, True, Refused, "answered 410 Gone: it takes no more updates"),
        (499, True, Refused, "answered 499:"),
    ],
)
async def test_what_a_status_means(
    http: Http, status: int, honours_key: bool, outcome: type[DeliveryError], words: str
) -> None:
    async with serve(answer(status, "Retry-After: 120", body=b"sesame said the server")) as place:
        got = await http.request("POST", url_of(place.port), body=b"{}", allow_private=True)
    with pytest.raises(outcome) as caught:
        require_success(got, "partner.example", honours_key=honours_key)
    assert words in str(caught.value)
    assert SECRET not in str(caught.value)
    if isinstance(caught.value, NotSent):
        assert caught.value.retry_after == timedelta(seconds=120)


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_every_2xx_is_sent(status: int) -> None:
    require_success(Answer(status=status, headers={}, body=b"", is_whole=False), "partner.example", honours_key=False)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        (None, None),
        ("", None),
        ("0", 0),
        ("120", 120),
        (" 7 ", 7),
        ("3601", 3600),
        ("9" * 5000, 3600),
        ("0" * 30, 3600),
        ("-5", None),
        ("1.5", None),
        ("²", None),
        ("٣", None),
        ("soon", None),
        ("Mon, 23 Nov 2026 03:02:00 GMT", 120),
        ("Mon, 23 Nov 2026 03:02:00 -0000", 120),
        ("Mon, 23 Nov 2026 02:00:00 GMT", 0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 3600),
        ("Mon, 99 Nov 2026 03:02:00 GMT", None),
        ("Mon, 23 Nov 2026 03:02:00 +9999999999", None),
    ],
)
def test_retry_after(text: str | None, seconds: int | None) -> None:
    assert parse_retry_after(text, NOW) == (None if seconds is None else timedelta(seconds=seconds))


async def test_an_endless_answer_is_cut_and_counts(http: Http) -> None:
    async with serve(answer_endlessly) as place, asyncio.timeout(0.9):
        got = await http.request("POST", url_of(place.port), allow_private=True)
    assert (got.status, len(got.body), got.is_whole) == (200, 64 * 1024, False)


async def test_a_broken_off_answer_counts(http: Http) -> None:
    async with serve(answer_half) as place:
        got = await http.request("POST", url_of(place.port), allow_private=True)
    assert (got.status, got.body, got.is_whole) == (200, b"half", False)


@pytest.mark.impatient
async def test_a_body_that_never_comes_counts(http: Http) -> None:
    async def stop_after_head(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        await asyncio.sleep(60)

    async with serve(stop_after_head) as place, asyncio.timeout(3):
        got = await http.request("POST", url_of(place.port), allow_private=True)
    assert (got.status, got.body, got.is_whole) == (200, b"", False)


async def test_a_body_of_just_the_limit_is_whole() -> None:
    async with Http(max_body_bytes=10) as http, serve(answer(200, body=b"0123456789")) as place:
        got = await http.request("GET", url_of(place.port), allow_private=True)
    assert (got.body, got.is_whole) == (b"0123456789", True)


@pytest.mark.impatient
@pytest.mark.parametrize(
    ("reply", "reads"),
    [
        (None, True),
        (answer_slowly, True),
        (reset, True),
        (reset, False),
        (b"", True),
        (b"\x00\xffsesame\r\n\r\n", True),
        (b"HTTP/1.1 200 OK\r\n" + b"X: " + b"sesame" * 5000 + b"\r\n\r\n", True),
    ],
    ids=["never", "slow head", "reset after", "reset before", "closed", "garbage", "huge head"],
)
@pytest.mark.parametrize("method", ["GET", "PUT", "POST"])
async def test_no_answer_is_uncertain_and_never_repeated(http: Http, reply: Reply, reads: bool, method: str) -> None:
    async with serve(reply, reads=reads) as place, asyncio.timeout(3):
        with pytest.raises(Uncertain, match=r"^127\.0\.0\.1:\d+ did not answer") as caught:
            await http.request(method, url_of(place.port), body=b"x", allow_private=True)
        await asyncio.sleep(0.02)
    assert place.connections == 1
    assert SECRET not in f"{caught.value!r}"


@pytest.mark.parametrize("call", ["request", "connect"])
async def test_where_nothing_can_have_been_sent(call: str) -> None:
    async def knock(http: Http, url: str) -> str:
        with pytest.raises(NotSent) as caught:
            await (
                http.request("POST", url, body=b"x", allow_private=True)
                if call == "request"
                else http.connect(url, allow_private=True)
            )
        assert SECRET not in f"{caught.value!r}"
        return str(caught.value)

    async with Http(connect_seconds=0.3) as http:
        assert "cannot be reached" in await knock(http, url_of(find_closed_port()))
        for reply in (b"I do not speak TLS\r\n", b""):
            async with serve(reply, reads=False) as place:
                said = await knock(http, url_of(place.port, scheme="https"))
                assert "no encryption that can be trusted" in said or "cannot be reached" in said
        async with serve(None, reads=False) as place:
            assert "does not answer in time" in await knock(http, url_of(place.port, scheme="https"))
    nowhere = socket.gaierror(socket.EAI_NONAME, f"{SECRET} is not known")
    async with Http(build_resolver=lambda: Names(nowhere)) as http:
        assert "The name partner.example cannot be found" in await knock(http, f"https://partner.example/?{SECRET}")


@pytest.mark.parametrize("call", ["request", "connect"])
async def test_a_certificate_nobody_vouches_for_gets_nothing(
    http: Http, certificate: ssl.SSLContext, call: str
) -> None:
    async with serve(answer(200), tls=certificate) as place:
        url = url_of(place.port, "localhost", scheme="https")
        with pytest.raises(NotSent, match="no encryption that can be trusted"):
            await (
                http.request("POST", url, allow_private=True)
                if call == "request"
                else http.connect(url, allow_private=True)
            )
    assert place.requests == []


async def test_connecting_sends_nothing(http: Http) -> None:
    async with serve(answer(200)) as place:
        assert await http.connect(url_of(place.port), allow_private=True) is False
        await asyncio.sleep(0.02)
    assert (place.connections, place.requests) == (1, [])


async def test_the_next_address_of_a_name_is_tried() -> None:
    async with Http(build_resolver=lambda: Names(["127.0.0.2", "127.0.0.1"])) as http, serve(answer(200)) as place:
        url = url_of(place.port, "partner.example")
        assert await http.connect(url, allow_private=True) is False
        assert (await http.request("GET", url, allow_private=True)).status == 200


async def test_one_slow_place_does_not_starve_another() -> None:
    async with Http() as http, serve(None) as slow, serve(answer(200)) as quick:
        waiting = [asyncio.create_task(http.request("GET", url_of(slow.port), allow_private=True)) for _ in range(150)]
        await asyncio.sleep(0.05)
        async with asyncio.timeout(1):
            assert (await http.request("GET", url_of(quick.port), allow_private=True)).status == 200
        assert slow.connections == 4
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)


async def test_waiting_for_a_free_connection_is_not_sent() -> None:
    async with Http(connect_seconds=0.1, connections_per_host=1) as http, serve(None) as slow:
        first = asyncio.create_task(http.request("POST", url_of(slow.port), allow_private=True))
        await asyncio.sleep(0.03)
        with pytest.raises(NotSent, match="does not answer in time"):
            await http.request("POST", url_of(slow.port), allow_private=True)
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
    assert slow.connections == 1


@pytest.mark.parametrize("url", ["", "not an address", "http://", "http://a b/", "http://[::1", "http://h:99999/"])
async def test_what_is_no_address_is_one_of_the_outcomes(http: Http, url: str) -> None:
    for call in (http.request("GET", url), http.connect(url)):
        with pytest.raises((Refused, NotSent)):
            await call


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("https://user:sesame@hook.example:8443/path?token=sesame#sesame", "hook.example:8443"),
        ("https://hook.example/sesame", "hook.example"),
        ("http://[2001:db8::1]:80/", "[2001:db8::1]:80"),
        ("http://[sesame", "the address"),
        ("http://hook.example:sesame/", "the address"),
        ("", "the address"),
    ],
)
def test_a_place_is_host_and_port_only(url: str, place: str) -> None:
    assert name_place(url) == place
