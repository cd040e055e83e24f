"""The Slack manifests ask for exactly what the code uses: commands, shortcuts, events, and scopes with a reason."""

import ast
import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import jsonschema
import pytest
from slack_sdk.web.async_client import AsyncWebClient

import chatops
from chatops.checkup import find_manifest, list_wanted_scopes
from chatops.slack.events import EVENTS
from chatops.slack.shortcuts import SHORTCUTS
from chatops.slack.slash import SUBCOMMANDS

PACKAGE = Path(chatops.__file__).parent
MODES = ("http", "socket-mode")
SHARED = Path(os.environ.get("CHATOPS_SHARED_DATA", PACKAGE.parents[1] / "shared" / "data")) / "slack"
needs_shared_data = pytest.mark.skipif(not SHARED.is_dir(), reason="the shared Slack material is not here")


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """The bot scopes we use something under; Slack grants a method under any one of those its page lists."""

    scopes: frozenset[str] = frozenset()
    fields: frozenset[str] = frozenset()
    """Scopes that open no method but fields of its answer."""


def needs(*scopes: str, fields: tuple[str, ...] = ()) -> Needs:
    return Needs(scopes=frozenset(scopes), fields=frozenset(fields))


# Each at https://docs.slack.dev/reference/methods/<method>; public and private Slack channels need a scope each.
METHODS = {
    "auth.test": needs(),
    "chat.postEphemeral": needs("chat:write"),
    "chat.postMessage": needs("chat:write"),
    "chat.update": needs("chat:write"),
    "conversations.create": needs("channels:manage", "groups:write"),  # dedicated_channel; private incidents
    "conversations.history": needs("channels:history", "groups:history"),
    "conversations.info": needs("channels:read", "groups:read"),
    "conversations.invite": needs("channels:manage", "groups:write"),  # into those we made
    "conversations.join": needs("channels:join"),
    "conversations.list": needs("channels:read", "groups:read"),
    "conversations.open": needs("im:write"),
    "conversations.replies": needs("channels:history", "groups:history"),
    "files.completeUploadExternal": needs("files:write"),
    "files.getUploadURLExternal": needs("files:write"),
    "usergroups.list": needs("usergroups:read"),
    "users.info": needs("users:read", fields=("users:read.email",)),  # approvers may be named by their e-mail
    "users.list": needs("users:read", fields=("users:read.email",)),
    "views.open": needs(),
    "views.publish": needs(),
    "views.push": needs(),
}

# Each at https://docs.slack.dev/reference/events/<event>
SUBSCRIPTIONS = {
    "app_home_opened": needs(),
    "app_mention": needs("app_mentions:read"),
    "message.channels": needs("channels:history"),
    "message.groups": needs("groups:history"),
    "reaction_added": needs("reactions:read"),
    "reaction_removed": needs("reactions:read"),
    "team_join": needs("users:read"),
    "user_change": needs("users:read"),
}
FEATURES = needs("commands")
"""Slash commands and shortcuts. https://docs.slack.dev/reference/scopes/commands"""

SHORTCUT_NAME_CHARS = 24

WRAPPERS = {"files_upload_v2": {"files.getUploadURLExternal", "files.completeUploadExternal"}}
"""Methods of slack_sdk that are several of Slack's. https://docs.slack.dev/messaging/working-with-files"""


def read(mode: str) -> dict[str, Any]:
    manifest: dict[str, Any] = json.loads(find_manifest(mode).read_text(encoding="utf-8"))
    return manifest


def list_called_methods() -> set[str]:
    """Every Web API method that the code names on a client; the sandbox answers such calls and makes none."""
    known = {name for name in dir(AsyncWebClient) if "_" in name.strip("_") and not name.startswith("_")}
    named = {
        node.attr
        for path in PACKAGE.rglob("*.py")
        if "sandbox" not in path.relative_to(PACKAGE).parts
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr in known
    }
    assert "api_call" not in named, "a method called by its name as text cannot be found by this test"
    return {method for name in named for method in WRAPPERS.get(name, {name.replace("_", ".")})}


@pytest.fixture(params=MODES)
def manifest(request: pytest.FixtureRequest) -> dict[str, Any]:
    return read(request.param)


def test_they_differ_only_in_how_slack_reaches_us() -> None:
    http, socket = read("http"), read("socket-mode")
    assert http["settings"].pop("socket_mode_enabled") is False
    assert socket["settings"].pop("socket_mode_enabled") is True
    urls = [
        *(command.pop("url") for command in http["features"]["slash_commands"]),
        http["settings"]["event_subscriptions"].pop("request_url"),
        http["settings"]["interactivity"].pop("request_url"),
    ]
    assert http == socket
    assert len(set(urls)) == 1


def test_the_request_url_is_a_placeholder_that_reaches_our_route() -> None:
    url = urlsplit(read("http")["settings"]["event_subscriptions"]["request_url"])
    assert url.scheme == "https"
    assert (url.hostname or "").endswith("example.com")  # RFC 2606: nobody's
    assert url.path == "/slack/events"
    assert f'"{url.path}"' in (PACKAGE / "bootstrap.py").read_text(encoding="utf-8")


def test_texts_fit_slacks_limits(manifest: dict[str, Any]) -> None:
    # https://docs.slack.dev/reference/app-manifest
    texts = manifest["display_information"]
    assert len(texts["name"]) <= 35
    assert len(texts["description"]) <= 140
    assert 175 <= len(texts["long_description"]) <= 4000
    assert re.fullmatch(r"#[0-9a-f]{6}", texts["background_color"])
    assert len(manifest["features"]["bot_user"]["display_name"]) <= 80
    for command in manifest["features"]["slash_commands"]:
        assert len(command["description"]) <= 2000
        assert len(command["usage_hint"]) <= 1000
    for shortcut in manifest["features"]["shortcuts"]:
        assert len(shortcut["name"]) <= SHORTCUT_NAME_CHARS
        assert len(shortcut["description"]) <= 150


def test_slash_commands_are_ours_and_name_people_by_id(manifest: dict[str, Any]) -> None:
    commands = manifest["features"]["slash_commands"]
    assert [command["command"] for command in commands] == ["/incident"]
    # Unescaped, Slack sends `@name` as it was typed, which names nobody for certain.
    assert all(command["should_escape"] is True for command in commands)
    hinted = [hint.split()[0] for hint in commands[0]["usage_hint"].split("|")]
    assert [hint for hint in hinted if hint not in {*SUBCOMMANDS, "help"}] == []


def test_every_shortcut_has_its_function_and_the_other_way_round(manifest: dict[str, Any]) -> None:
    shortcuts = manifest["features"]["shortcuts"]
    assert sorted(shortcut["callback_id"] for shortcut in shortcuts) == sorted(SHORTCUTS)
    kinds = {shortcut["callback_id"]: shortcut["type"] for shortcut in shortcuts}
    assert {name for name, kind in kinds.items() if kind == "message"} == {n for n in SHORTCUTS if "message" in n}


def test_every_event_is_heard_and_the_other_way_round(manifest: dict[str, Any]) -> None:
    subscribed = manifest["settings"]["event_subscriptions"]["bot_events"]
    assert len(subscribed) == len(set(subscribed))
    assert {event.split(".")[0] for event in subscribed} == set(EVENTS)
    assert set(subscribed) == set(SUBSCRIPTIONS)


def test_the_home_tab_is_on_where_it_is_published(manifest: dict[str, Any]) -> None:
    assert manifest["features"]["app_home"]["home_tab_enabled"] is True


def test_every_called_method_stands_in_the_table_and_no_other() -> None:
    assert list_called_methods() == set(METHODS)


def test_scopes_are_exactly_those_needed(manifest: dict[str, Any]) -> None:
    asked = manifest["oauth_config"]["scopes"]["bot"]
    reasons = [*METHODS.values(), *SUBSCRIPTIONS.values(), FEATURES]
    assert asked == sorted(set(asked))
    assert set(asked) == frozenset().union(*(each.scopes | each.fields for each in reasons))
    assert list(manifest["oauth_config"]["scopes"]) == ["bot"]


def test_check_asks_for_the_scopes_of_the_manifest(manifest: dict[str, Any]) -> None:
    assert list_wanted_scopes() == manifest["oauth_config"]["scopes"]["bot"]


@needs_shared_data
@pytest.mark.parametrize("method", sorted(METHODS))
def test_the_table_agrees_with_slacks_pages(method: str) -> None:
    page = json.loads((SHARED / "methods" / f"{method}.json").read_text(encoding="utf-8"))
    granting = {scope["name"] for scope in page["scopes"].get("bot", ())}
    assert METHODS[method].scopes <= granting
    assert bool(METHODS[method].scopes) == bool(granting)


@needs_shared_data
def test_slacks_schema_takes_them(manifest: dict[str, Any]) -> None:
    schema = json.loads((SHARED / "manifest.schema.2.0.0.json").read_text(encoding="utf-8"))
    wrong = [str(error.instance) for error in jsonschema.Draft7Validator(schema).iter_errors(manifest)]
    assert wrong == []
    assert list(jsonschema.Draft7Validator(schema).iter_errors(manifest | {"display_information": {}}))
