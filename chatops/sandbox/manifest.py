"""The app's manifest: what it may do, which commands it offers and which events it asked for."""

import json
from dataclasses import dataclass
from pathlib import Path

from chatops.sandbox.wire import Json


@dataclass(frozen=True, slots=True)
class SlashCommand:
    command: str
    description: str
    usage_hint: str
    should_escape: bool


@dataclass(frozen=True, slots=True)
class Shortcut:
    name: str
    type: str
    callback_id: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """https://docs.slack.dev/reference/app-manifest"""

    app_name: str
    bot_name: str
    scopes: frozenset[str]
    events: frozenset[str]
    commands: tuple[SlashCommand, ...]
    shortcuts: tuple[Shortcut, ...]
    home_enabled: bool
    messages_tab_enabled: bool
    interactive: bool

    def find_command(self, command: str) -> SlashCommand | None:
        return next((offered for offered in self.commands if offered.command == command), None)

    def find_shortcut(self, callback_id: str) -> Shortcut | None:
        return next((offered for offered in self.shortcuts if offered.callback_id == callback_id), None)


def load_manifest(source: Path | str | Json) -> Manifest:
    return parse_manifest(source if isinstance(source, dict) else json.loads(Path(source).read_text("utf-8")))


def parse_manifest(raw: Json) -> Manifest:
    features: Json = raw.get("features", {})
    settings: Json = raw.get("settings", {})
    home: Json = features.get("app_home", {})
    app_name: str = raw["display_information"]["name"]
    return Manifest(
        app_name=app_name,
        bot_name=features.get("bot_user", {}).get("display_name", app_name),
        scopes=frozenset(raw.get("oauth_config", {}).get("scopes", {}).get("bot", [])),
        events=frozenset(settings.get("event_subscriptions", {}).get("bot_events", [])),
        commands=tuple(_parse_command(command) for command in features.get("slash_commands", [])),
        shortcuts=tuple(
            Shortcut(shortcut["name"], shortcut["type"], shortcut["callback_id"])
            for shortcut in features.get("shortcuts", [])
        ),
        home_enabled=bool(home.get("home_tab_enabled", False)),
        messages_tab_enabled=bool(home.get("messages_tab_enabled", False)),
        interactive=bool(settings.get("interactivity", {}).get("is_enabled", False)),
    )


def _parse_command(raw: Json) -> SlashCommand:
    return SlashCommand(
        raw["command"], raw.get("description", ""), raw.get("usage_hint", ""), bool(raw.get("should_escape", False))
    )
