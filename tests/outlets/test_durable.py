"""`usecases.deliveries` with these outlets against the stand-ins: nothing lost and doubled, or every doubt shown."""

from collections.abc import Callable

import pytest

from chatops.domain.ids import OutletKey
from chatops.outlets import Configured, find_outlets
from chatops.outlets.http import Http
from chatops.sandbox.social.settings import SocialSettings
from chatops.sandbox.social.teams import Teams as TeamsStandIn
from chatops.usecases.ports import Outlet
from tests.builders import MASTODON
from tests.outlets.social_site import publish_many
from tests.usecases.conftest import empty_database, scene  # noqa: F401 - fixtures
from tests.usecases.scene import Scene

from .stand_ins import StandIn, run_stand_in

SOCIAL = SocialSettings()
FAULTS = {"drop": 0.2, "late": 0.02, "500": 0.2, "429": 0.05, "down": 0.05}
WORDS = [f"Step {number}." for number in range(1, 11)]


def build(kind: str, http: Http, **values: object) -> Outlet:
    module = find_outlets()[kind]
    built = Configured(module=module, name=None, settings=module.Settings.model_validate(values))
    outlet = built.module.build(built.settings, key=OutletKey(MASTODON), label=kind, http=http)
    assert outlet is not None
    return outlet


def build_discord(http: Http, stand_in: StandIn) -> Outlet:
    way = {"bot_token": SOCIAL.discord_bot_token, "channel_id": SOCIAL.discord_channel_id}
    return build("discord", http, base_url=stand_in.base_url, **way)


def build_statuspage(http: Http, stand_in: StandIn) -> Outlet:
    page = {"api_key": SOCIAL.statuspage_api_key, "page_id": SOCIAL.statuspage_page_id}
    return build("statuspage", http, base_url=stand_in.base_url, **page)


def build_telegram(http: Http, stand_in: StandIn) -> Outlet:
    bot = {"bot_token": SOCIAL.telegram_bot_token, "chat_id": SOCIAL.telegram_chat_id}
    return build("telegram", http, base_url=stand_in.base_url, **bot)


def build_teams(http: Http, stand_in: StandIn) -> Outlet:
    assert isinstance(stand_in.network, TeamsStandIn)
    return build("teams", http, workflow_url=stand_in.base_url + stand_in.network.workflow_path)


def build_webhook(http: Http, stand_in: StandIn) -> Outlet:
    hook = f"/webhooks/{SOCIAL.discord_webhook_id}/{SOCIAL.discord_webhook_token}"
    return build("discord", http, webhook_url=stand_in.base_url + hook)


Build = Callable[[Http, StandIn], Outlet]


def list_standing(stand_in: StandIn) -> list[str]:
    """How often each of our words stands there, in order."""
    texts = [post.text for post in stand_in.posts]
    return [words for text in texts for words in WORDS if words in text.splitlines()]


async def publish(build_one: Build, name: str, http: Http, scene: Scene) -> tuple[list[str], list[str]]:  # noqa: F811
    async with run_stand_in(name) as stand_in:
        stand_in.clock = lambda: scene.clock.at.timestamp()  # noqa: PLW0108 - `at` changes
        stand_in.faults = FAULTS
        states = await publish_many(scene, build_one(http, stand_in), WORDS)
        return states, list_standing(stand_in)


@pytest.mark.parametrize(("build_one", "name"), [(build_discord, "discord"), (build_statuspage, "statuspage")])
async def test_what_is_read_back_is_sent_exactly_once(
    build_one: Build,
    name: str,
    http: Http,
    scene: Scene,  # noqa: F811
) -> None:
    states, standing = await publish(build_one, name, http, scene)
    assert states == ["sent"] * len(WORDS)
    assert standing == WORDS


@pytest.mark.parametrize(
    ("build_one", "name"), [(build_telegram, "telegram"), (build_teams, "teams"), (build_webhook, "discord")]
)
async def test_what_a_person_settles_is_never_sent_twice_and_every_doubt_is_shown(
    build_one: Build,
    name: str,
    http: Http,
    scene: Scene,  # noqa: F811
) -> None:
    states, standing = await publish(build_one, name, http, scene)
    assert set(states) == {"sent", "uncertain"}
    assert len(set(standing)) == len(standing)
    sent = {words for words, state in zip(WORDS, states, strict=True) if state == "sent"}
    assert sent <= set(standing)
