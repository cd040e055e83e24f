"""Laws that hold for every outlet found."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import get_args

import pytest
from pydantic import BaseModel, SecretStr

from chatops.domain.errors import BadSettings, DeliveryError, NotSent
from chatops.domain.ids import OutletKey
from chatops.domain.records import Status
from chatops.domain.wording import OutletSpec
from chatops.outlets import DECLARED, Configured, OutletModule, find_outlet, find_outlets, list_variables
from chatops.outlets.http import Http
from chatops.usecases.ports import Outlet, Posting

from .mail_servers import follow

KINDS = sorted(find_outlets())
SENDING = [kind for kind in KINDS if kind != "page"]
SECRET = "sesame-9f27"  # a word that occurs nowhere else


def build_settings(kind: str, port: int) -> BaseModel:
    """Settings that would work, pointing at a server on this machine."""
    examples = {
        "page": {},
        "email": {
            "smtp_url": f"smtp://user:{SECRET}@127.0.0.1:{port}",
            "from": "a@acme.example",
            "to": ("b@acme.example",),
            "imap_url": f"imap://user:{SECRET}@127.0.0.1:{port}",
        },
        "webhook": {
            "url": f"http://127.0.0.1:{port}/hook?token={SECRET}",
            "secret": f"{SECRET}-and-a-few-more",
            "allow_private": True,
        },
        "x": {
            "base_url": f"http://127.0.0.1:{port}",
            **{
                name: f"{SECRET}-{name}"
                for name in ("consumer_key", "consumer_secret", "access_token", "access_secret")
            },
        },
        "facebook": {"base_url": f"http://127.0.0.1:{port}", "page_id": "1234", "page_token": SECRET},
        "mastodon": {"base_url": f"http://127.0.0.1:{port}", "token": SECRET},
        "bluesky": {"base_url": f"http://127.0.0.1:{port}", "handle": "acme.example", "app_password": SECRET},
        "telegram": {"bot_token": f"1:{SECRET}", "chat_id": "@acme_status", "base_url": f"http://127.0.0.1:{port}"},
        "discord": {"bot_token": SECRET, "channel_id": "1", "base_url": f"http://127.0.0.1:{port}"},
        "slack_channel": {"token": SECRET, "channel": "partners", "base_url": f"http://127.0.0.1:{port}"},
        "teams": {"workflow_url": f"http://127.0.0.1:{port}/workflows/1?sig={SECRET}"},
        "statuspage": {"api_key": SECRET, "page_id": "kctbh9vrtdwd", "base_url": f"http://127.0.0.1:{port}"},
        "apprise": {"url": f"json://user:{SECRET}@127.0.0.1:{port}"},
    }
    assert kind in examples, f"give the laws an example of {kind}'s settings"
    return find_outlets()[kind].Settings.model_validate(examples[kind])


def build_outlet(kind: str, port: int, http: Http) -> Outlet:
    outlet = find_outlets()[kind].build(build_settings(kind, port), key=OutletKey(kind), label=kind, http=http)
    assert outlet is not None
    return outlet


POSTING = Posting(
    key="INC-1/1/outlet/0",
    words="It broke.",
    subject="Broken",
    status=Status.INVESTIGATING,
    digest="0" * 64,
    first_tried_at=datetime(2026, 11, 23, tzinfo=UTC),
)


@pytest.fixture(params=KINDS)
def module(request: pytest.FixtureRequest) -> OutletModule:
    return find_outlets()[request.param]


def test_page_email_and_webhook_are_found() -> None:
    assert {"page", "email", "webhook"} <= set(KINDS)
    assert find_outlet("http") is None
    assert find_outlet("carrier-pigeon") is None
    assert find_outlet("__init__") is None


class _Entry:
    """What `importlib.metadata` finds of another package, as far as we read it."""

    def __init__(self, name: str, module: object) -> None:
        self.name, self._module = name, module

    def load(self) -> object:
        if self._module is None:
            raise ImportError(SECRET)
        return self._module


def test_other_packages_bring_outlets(monkeypatch: pytest.MonkeyPatch) -> None:
    entries = [
        _Entry("pigeon", find_outlet("email")),
        _Entry("broken", None),
        _Entry("page", None),
        _Entry("bare", _Entry),
    ]
    monkeypatch.setattr("chatops.outlets.metadata.entry_points", lambda *, group: entries)
    assert find_outlet("pigeon") is find_outlet("email")
    assert find_outlet("page") is not None
    assert find_outlet("bare") is None
    with pytest.raises(BadSettings, match="“broken” of another package cannot be loaded"):
        find_outlet("broken")


@pytest.mark.parametrize("name", [None, "big"])
def test_a_configured_outlet_knows_its_key_and_label(module: OutletModule, name: str | None) -> None:
    each = Configured(module=module, name=name, settings=build_settings(module.NAME, 1))
    outlet = each.build(Http())
    assert each.key == (f"{module.NAME}.big" if name else module.NAME)
    assert (each.build_spec().key, each.build_spec().label) == (each.key, each.label)
    assert outlet is None or outlet.spec == each.build_spec()


def test_it_declares_the_same_names(module: OutletModule) -> None:
    assert all(hasattr(module, name) for name in DECLARED)
    assert module.__name__.endswith(f".{module.NAME}")  # type: ignore[attr-defined]
    assert (module.__doc__ or "").strip()


def test_its_settings_are_frozen_strict_and_hold_secrets_as_secrets(module: OutletModule) -> None:
    config = module.Settings.model_config
    assert (config.get("frozen"), config.get("extra"), config.get("strict")) == (True, "forbid", True)
    assert config.get("hide_input_in_errors")
    for secret, variable in list_variables(module, None, {}).items():
        annotation = module.Settings.model_fields[secret].annotation
        assert SecretStr in (annotation, *get_args(annotation))
        assert variable.isupper()


def test_its_specification_is_complete(module: OutletModule) -> None:
    spec = module.build_spec(build_settings(module.NAME, 1), key=OutletKey("a.b"), label="Label")
    assert isinstance(spec, OutletSpec)
    assert (spec.key, spec.label) == ("a.b", "Label")
    assert spec.account
    assert spec.limits.max_chars > 0
    assert spec.limits.count("") == 0
    assert spec.abilities == module.ABILITIES
    assert SECRET not in repr(spec)


def test_its_secrets_never_show(module: OutletModule) -> None:
    chosen = build_settings(module.NAME, 1)
    outlet = module.build(chosen, key=OutletKey("a"), label="a", http=Http())
    assert SECRET not in f"{chosen!r}{chosen}{chosen.model_dump()}{outlet!r}{outlet}"
    for name in vars(outlet) if outlet else ():
        assert SECRET not in repr(getattr(outlet, name))


def test_only_the_page_has_nothing_to_call(module: OutletModule) -> None:
    outlet = module.build(build_settings(module.NAME, 1), key=OutletKey("a"), label="a", http=Http())
    assert (outlet is None) == (module.NAME == "page")


@pytest.fixture(params=["garbage", "nothing", "silence"])
async def bad_port(request: pytest.FixtureRequest) -> AsyncIterator[int]:
    """A server that answers rubbish, closes at once, or says nothing."""
    replies = {"garbage": b"\x00\xff{}<html>" + SECRET.encode() + b"\r\n\r\n", "nothing": "", "silence": None}
    async with follow({"CONNECT": replies[request.param]}) as port:
        yield port


@pytest.mark.parametrize("call", ["send", "find", "check"])
@pytest.mark.parametrize("kind", SENDING)
async def test_a_misbehaving_server_only_causes_the_three_outcomes(
    kind: str, call: str, bad_port: int, http: Http
) -> None:
    outlet = build_outlet(kind, bad_port, http)
    try:
        async with asyncio.timeout(0.5):
            said = await getattr(outlet, call)(*(() if call == "check" else (POSTING,)))
        assert call == "check"  # one that only connects sees nothing wrong
    except (DeliveryError, TimeoutError) as error:
        # TimeoutError is ours: a patient outlet still waits, and lets itself be cancelled.
        said = f"{error}{error!r}"
    assert SECRET not in said


@pytest.mark.parametrize("kind", SENDING)
async def test_a_cancelled_send_leaves_no_task_behind(kind: str, http: Http) -> None:
    before = asyncio.all_tasks()
    async with follow({"CONNECT": None}) as port:
        task = asyncio.create_task(build_outlet(kind, port, http).send(POSTING))
        await asyncio.sleep(0.05)
        task.cancel()
        # Without its package Apprise says so at once, and there is nothing left to cancel.
        with pytest.raises((asyncio.CancelledError, NotSent) if kind == "apprise" else asyncio.CancelledError):
            await task
    await asyncio.sleep(0.05)
    assert asyncio.all_tasks() <= before
