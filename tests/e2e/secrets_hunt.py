"""Every secret of a town's bot, in every spelling, and everything that anybody can read of it."""

import base64
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

from aiohttp import web

from chatops.sandbox.social.network import Network, hang_up
from tests.e2e.networks import list_secrets
from tests.e2e.town import Ended, Town

PAGES = (
    "/",
    "/history",
    "/incidents/INC-1",
    "/incidents/INC-99",
    "/history.atom",
    "/history.rss",
    "/updates.atom",
    "/badge.svg",
    "/api/v2/summary.json",
    "/api/v2/incidents.json",
    "/readyz",
    "/healthz",
    "/metrics",
    "/slack/events",
)


def list_town_secrets(town: Town) -> dict[str, str]:
    """By the name of its variable: what must never be read anywhere. Of an address only the part that is secret."""
    settings, social = town.sandbox.settings, town.sandbox.settings.social
    own = {
        "SLACK_BOT_TOKEN": settings.bot_token,
        "SLACK_SIGNING_SECRET": settings.signing_secret,
        "WEBHOOK_SECRET_PARTNERS": settings.webhook_secret.removeprefix("whsec_"),
        "SMTP_URL": (town.plan.smtp_login or ("", ""))[1],
    }
    addresses = {
        "DISCORD_WEBHOOK_URL_HOOK": social.discord_webhook_token,
        "TEAMS_WORKFLOW_URL": social.teams_signature,
        "TELEGRAM_BOT_TOKEN": social.telegram_bot_token.partition(":")[2],
    }
    secrets = {**own, **list_secrets(town.sandbox), **addresses}
    assert all(len(each) > 8 for each in secrets.values()), "too short to be told from other words"
    assert len(set(secrets.values())) == len(secrets)
    return secrets


def spell(secret: str) -> set[str]:
    """As it may stand in an address, in JSON, or packed for a login."""
    packed = base64.b64encode(secret.encode()).decode().rstrip("=")
    return {secret, quote(secret, safe=""), json.dumps(secret)[1:-1], packed}


def find_leaks(secrets: Mapping[str, str], places: Mapping[str, str]) -> list[str]:
    """`PLACE: VARIABLE` for every secret found; the search itself prints none."""
    return [
        f"{place}: {variable}"
        for place, text in places.items()
        for variable, secret in secrets.items()
        if any(each in text for each in spell(secret))
    ]


@dataclass(slots=True)
class Echo:
    """Takes the place of every network: answers with all that it was sent, and with our own secrets besides."""

    town: Town
    mood: str = "none"
    secrets: Mapping[str, str] = field(default_factory=dict)

    def install(self) -> None:
        for network in self.town.sandbox.social.networks.values():
            self._wrap(network)

    def _wrap(self, network: Network) -> None:
        behave = network.handle

        async def handle(request: web.Request, path: str) -> web.StreamResponse:
            return await behave(request, path) if self.mood == "none" else await self._answer(request)

        network.handle = handle  # type: ignore[method-assign]

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        if self.mood == "drop":
            return hang_up(request)
        status = int(self.mood)
        said = f"{request.rel_url} {dict(request.headers)} {await request.text()} {dict(self.secrets)}"
        headers = {"X-Echo": " ".join(self.secrets.values()), "X-Reason": str(request.rel_url)}
        if status == 302:
            headers["Location"] = f"{self.town.sandbox.base_url}/elsewhere?token={'-'.join(self.secrets.values())}"
        # 190: how Facebook says that a token is no longer good.
        error = {"message": said, "code": 190 if status == 401 else status, "type": said, "error_user_msg": said}
        body = {"error": error, "errors": [error], "message": said, "description": said, "detail": said, "ok": False}
        return web.json_response(body, status=status, reason=said[:100].replace("\n", " "), headers=headers)


async def read_everything(town: Town, commands: Mapping[str, Ended]) -> dict[str, str]:
    """All that somebody can read, by where: files, Slack, the page, mails and what operators were told."""
    files = [town.database, *(town.database.with_name(f"{town.database.name}{end}") for end in ("-wal", "-shm"))]
    found = {path.name: path.read_bytes().decode("latin-1") for path in files if path.exists()}
    found["bot.log"] = town.log_path.read_text(encoding="utf-8", errors="replace")
    found |= {f"chatops {name}": f"{ended.out}\n{ended.err}" for name, ended in commands.items()}
    found["Slack"] = json.dumps(list(_list_slack(town)), ensure_ascii=False, default=str)
    found["mails"] = "\n".join(f"{each.subject}\n{each.text}" for each in town.letters())
    found["webhooks"] = "\n".join(each.body for each in town.sandbox.webhooks.arrivals)
    for name, network in town.sandbox.social.networks.items():
        found[name] = "\n".join(post.text for post in network.feed.list_all())
    for path in PAGES:
        async with town.session.get(f"{town.url}{path}") as response:
            found[path] = f"{dict(response.headers)}\n{await response.text()}"
    return found


def _list_slack(town: Town) -> Iterator[object]:
    """Every message in every Slack channel, cards and ephemeral ones too, with metadata and files."""
    workspace = town.sandbox.workspace
    for channel in workspace.channels.values():
        for message in (*channel.messages.values(), *channel.ephemerals.values()):
            yield workspace.wire_message(channel, message, with_metadata=True)
