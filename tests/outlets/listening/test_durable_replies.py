"""Customers of Mastodon and Bluesky through the use cases: each heard once, each answered once, whatever gets lost."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import cast

import pytest

from chatops.domain.ids import PAGE
from chatops.outlets import bluesky, mastodon
from chatops.outlets.http import Http
from chatops.outlets.listening.bluesky import BlueskyListener
from chatops.outlets.listening.mastodon import MastodonListener
from chatops.sandbox.social.customers import Customers
from chatops.usecases.mention_ports import Listener
from chatops.usecases.ports import Outlet
from tests.builders import MASTODON, build_form
from tests.outlets.listening import on_bluesky, on_mastodon
from tests.outlets.stand_ins import StandIn, run_stand_in
from tests.usecases.conftest import empty_database, scene  # noqa: F401 - fixtures
from tests.usecases.crowd import Crowd, FakeListener
from tests.usecases.fakes import FakeOutlet
from tests.usecases.scene import INC, Scene

PEOPLE = 10
Build = Callable[[Http, StandIn], tuple[Outlet, Listener]]


def build_mastodon(http: Http, server: StandIn) -> tuple[Outlet, Listener]:
    read = mastodon.Settings.model_validate({"base_url": server.base_url, "token": on_mastodon.TOKEN})
    spec = mastodon.build_spec(read, key=MASTODON, label="Mastodon")
    return mastodon.Mastodon(read, spec, http, server.now), MastodonListener(read, spec, http, server.now)


def build_bluesky(http: Http, server: StandIn) -> tuple[Outlet, Listener]:
    """The scene knows one outlet with short posts, and calls it Mastodon."""
    read = on_bluesky.choose(server.base_url)
    spec = bluesky.build_spec(read, key=MASTODON, label="Bluesky")
    return bluesky.Bluesky(read, spec, http), BlueskyListener(read, spec, http)


@pytest.mark.impatient
@pytest.mark.parametrize(("kind", "build"), [("mastodon", build_mastodon), ("bluesky", build_bluesky)])
async def test_everybody_is_heard_and_answered_once(
    http: Http,
    scene: Scene,  # noqa: F811 - the fixture
    kind: str,
    build: Build,
) -> None:
    async with run_stand_in(kind) as server:
        scene.clock.at = datetime.now(UTC)
        server.clock = lambda: scene.clock.at.timestamp()  # noqa: PLW0108 - `at` changes
        outlet, listener = build(http, server)
        scene.mastodon, scene.listeners = cast(FakeOutlet, outlet), {MASTODON: listener}
        crowd = Crowd(scene=scene, listener=cast(FakeListener, listener))
        await scene.open()
        await scene.publish_update(build_form("We are looking.", outlets=(PAGE, MASTODON)))
        await scene.work_for(minutes=1)
        (update,) = server.posts
        assert await scene.store.read(lambda reads: reads.find_incident_by_post(MASTODON, update.id)) == INC
        server.faults = {"500": 0.05, "drop": 0.1, "down": 0.03}  # a drop waits for the next post

        customers, name = Customers({kind: server.network}), server.network.feed.ours.handle
        asked = [customers.post(kind, f"@{name} down? {number}", name=f"c{number}") for number in range(PEOPLE // 2)]
        asked += [
            customers.post(kind, f"down? {number}", name=f"c{number}", reply_to=update.id)
            for number in range(PEOPLE // 2, PEOPLE)
        ]
        await crowd.poll()
        await scene.work_for(minutes=8)
        rows = await crowd.rows()
        assert sorted(row.author.name for row in rows) == sorted(f"c{number}" for number in range(PEOPLE))
        for row in rows:
            await crowd.reply("We are sorry.", row.id)
        await scene.work_for(minutes=30)

        assert [await crowd.state(row.id) for row in rows] == ["sent"] * PEOPLE
        answers = [post for post in server.posts if post is not update]
        assert sorted(post.parent.id for post in answers if post.parent) == sorted(post.id for post in asked)
        tally = await crowd.tally()
        assert (tally.received, tally.answered, tally.waiting) == (PEOPLE, PEOPLE, 0)

        server.faults = {}
        server.network.switches.clear()
        thanks = customers.post(kind, "thanks", name="c3", reply_to=answers[3].id)
        await scene.work_for(minutes=5)
        found = await scene.store.read(lambda reads: reads.find_mention(MASTODON, thanks.id))
        assert found
        before = await scene.store.read(lambda reads: reads.find_replied_conversation(MASTODON, answers[3].id))
        assert len(await crowd.rows()) == (PEOPLE if before == found.conversation else PEOPLE + 1)
