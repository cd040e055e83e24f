"""Apprise: with a stand-in for the package, and with the package itself where it is installed."""

import asyncio
import threading
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import ValidationError

from chatops.domain.errors import NotSent, Refused, Uncertain
from chatops.domain.ids import OutletKey
from chatops.outlets import apprise
from chatops.outlets.apprise import Apprise
from chatops.outlets.http import Http
from chatops.settings import read_settings

from .http_servers import answer, serve
from .settling import build_posting, outcome, publish_by_person

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
"""Its plugins import modules of old when they are loaded."""
needs_apprise = pytest.mark.skipif(apprise.library is None, reason="Apprise is not installed here")


class Package:
    """What the outlet uses of Apprise; `act` is what happens when it notifies."""

    def __init__(self) -> None:
        self.said: list[dict[str, Any]] = []
        self.services: list[Any] = []
        self.act = lambda: True
        self.title_maxlen, self.body_maxlen = 250, 32_768

    def install(self) -> SimpleNamespace:
        package = self

        class Apprise:
            def __init__(self, asset: object) -> None:
                self.asset = asset

            @staticmethod
            def instantiate(url: str) -> object:
                if "unknown" in url:
                    return None
                limits = {"title_maxlen": package.title_maxlen, "body_maxlen": package.body_maxlen}
                return SimpleNamespace(url=url, retry=3, **limits)

            def add(self, service: object) -> None:
                package.services.append(service)

            def notify(self, **words: object) -> bool:
                package.said.append(words)
                return package.act()

        return SimpleNamespace(Apprise=Apprise, AppriseAsset=lambda **options: options)


@pytest.fixture
def package(monkeypatch: pytest.MonkeyPatch) -> Package:
    made = Package()
    monkeypatch.setattr(apprise, "library", made.install())
    return made


def build(url: str = "pover://sesame@token", *, patience_seconds: float = 5.0) -> Apprise:
    chosen = apprise.Settings.model_validate({"url": url})
    spec = apprise.build_spec(chosen, key=OutletKey("apprise.pager"), label="Apprise (pager)")
    return Apprise(chosen, spec, patience_seconds)


def test_the_name_stands_in_the_middle_of_the_variable(tmp_path: Path) -> None:
    environ = {"APPRISE_URL": "pover://a", "APPRISE_ON_CALL_URL": "pover://b"}
    for table, url in (("apprise", "pover://a"), ("apprise.on-call", "pover://b")):
        (tmp_path / "chatops.toml").write_text(f"[outlets.{table}]\n")
        chosen = read_settings(environ, tmp_path).outlets[1].settings
        assert isinstance(chosen, apprise.Settings)
        assert chosen.url.get_secret_value() == url


async def test_it_hands_over_the_words_as_plain_text(package: Package) -> None:
    sent = await build().send(build_posting("It *broke*."))
    assert package.said == [{"body": "It *broke*.", "title": "API down", "body_format": "text"}]
    assert (sent.remote_id, sent.url) == (None, None)
    assert package.services[0].retry == 0


async def test_no_title_goes_into_the_words(package: Package) -> None:
    package.title_maxlen = 0
    await build().send(build_posting("It broke."))
    assert package.said[0]["title"] == ""


@pytest.mark.parametrize(("most", "form"), [(32_768, "letter"), (160, "short"), (10**6, "letter")])
def test_the_service_says_how_much_it_takes(package: Package, most: int, form: str) -> None:
    package.body_maxlen = most
    spec = build().spec
    assert (spec.form, spec.limits.max_chars) == (form, min(most, 32_768))


def fail() -> bool:
    raise RuntimeError("sesame")


def hang() -> bool:
    time.sleep(0.5)
    return True


@pytest.mark.parametrize(("act", "said"), [(lambda: False, "failed"), (fail, "failed"), (hang, "in time")])
async def test_whatever_is_no_success_is_uncertain(package: Package, act: Any, said: str) -> None:
    package.act = act
    error = await outcome(build(patience_seconds=0.1).send(build_posting("It broke.")))
    assert type(error) is Uncertain
    assert said in str(error)
    assert "sesame" not in repr(error)
    assert error.__cause__ is None


async def test_a_hanging_plugin_holds_up_nothing(package: Package) -> None:
    package.act = hang
    task = asyncio.create_task(build().send(build_posting("It broke.")))
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    threads = [each for each in threading.enumerate() if each.name == "chatops-apprise"]
    assert threads
    assert all(each.daemon for each in threads)
    await asyncio.to_thread(lambda: [each.join() for each in threads])


async def test_nothing_twice_and_every_doubt_is_shown(package: Package) -> None:
    results = iter([True, False, True, True, False] * 8)
    package.act = lambda: next(results)
    sent, asked = await publish_by_person(build())
    assert (len(sent), len(asked)) == (24, 16)
    assert [each["body"] for each in package.said] == sorted({*sent, *asked}, key=lambda words: int(words.split()[-1]))


async def test_without_the_package_it_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apprise, "library", None)
    for call in (build().check(), build().send(build_posting("It broke."))):
        error = await outcome(call)
        assert type(error) is NotSent
        assert "pip install 'chatops[apprise]'" in str(error)


async def test_an_address_nobody_knows_is_refused(package: Package) -> None:
    outlet = build("unknown://sesame")
    with pytest.raises(Refused, match="APPRISE_URL"):
        await outlet.check()
    with pytest.raises(Refused, match="APPRISE_URL"):
        await outlet.send(build_posting("It broke."))
    with pytest.raises(Uncertain):
        await outlet.find(build_posting("It broke."))


def test_the_account_tells_two_addresses_apart_and_shows_neither(package: Package) -> None:
    one, two = build("pover://sesame@1").spec.account, build("pover://sesame@2").spec.account
    assert one != two
    assert one.startswith("pover (")
    assert "sesame" not in one


@pytest.mark.parametrize("url", ["", "sesame", "pover://", "pover:sesame"])
def test_the_address_must_be_one_and_never_shows(url: str) -> None:
    with pytest.raises(ValidationError, match="as Apprise writes it") as caught:
        apprise.Settings.model_validate({"url": url})
    assert "sesame" not in str(caught.value)


def test_it_builds_without_http() -> None:
    chosen = apprise.Settings.model_validate({"url": "pover://sesame@token"})
    assert apprise.build(chosen, key=OutletKey("apprise"), label="Apprise", http=Http()) is not None


@needs_apprise
async def test_the_real_package_posts_once(caplog: pytest.LogCaptureFixture) -> None:
    async with serve(answer(200), answer(500)) as server:
        outlet = build(f"json://user:sesame@127.0.0.1:{server.port}/?retry=3")
        assert "json" in await outlet.check()
        await outlet.send(build_posting("It broke."))
        assert b"It broke." in server.requests[0].body
        error = await outcome(outlet.send(build_posting("It broke.")))
        assert type(error) is Uncertain
    assert len(server.requests) == 2
    assert "sesame" not in caplog.text
