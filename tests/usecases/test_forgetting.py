"""A person's data: exported, erased on request or when its time is over; nothing of it is left, the chain verifies."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from chatops.domain.chain import verify
from chatops.domain.errors import BadInput, NotFound
from chatops.domain.ids import ConversationId, conversation_stream
from chatops.domain.records import Status
from chatops.usecases import conversations as cases
from chatops.usecases.forgetting import erase_old, export_person, forget, parse_person
from chatops.usecases.operations import rebuild, verify_stream
from tests.builders import MASTODON, build_form
from tests.usecases.crowd import PAUL, Crowd, build_mention

TELLING = ("Wunderlich", "maria@example.social", "Maria Lopez", "x-post-981", "secretly sorry")


async def tell_story(crowd: Crowd) -> None:
    await crowd.hear(
        build_mention("x-post-981", "I am Mrs Wunderlich, is my password safe?", url="https://n.example/x-post-981"),
        build_mention("m2", "Are passwords safe?", PAUL),
    )
    await crowd.reply("We are secretly sorry, @maria@example.social.")
    await crowd.scene.work()
    await cases.escalate(crowd.scene.desk, crowd.scene.command(), ConversationId(2), "asks nicely")


def read_files(crowd: Crowd) -> bytes:
    path = Path(crowd.scene.url.removeprefix("sqlite:///"))
    return b"".join(each.read_bytes() for each in path.parent.glob(f"{path.name}*"))


async def test_everything_of_a_person_is_exported(crowd: Crowd) -> None:
    await tell_story(crowd)
    person = parse_person("mastodon:maria@example.social")
    kept = json.dumps(await crowd.scene.store.read(lambda reads: export_person(reads, crowd.scene.desk, person)))
    assert [word for word in TELLING if word not in kept] == []


async def test_of_a_forgotten_person_nothing_is_left_and_the_chain_verifies(crowd: Crowd) -> None:
    await tell_story(crowd)
    assert all(word.encode() in read_files(crowd) for word in TELLING)
    assert await forget(crowd.scene.desk, parse_person("mastodon:@Maria@example.social")) == 1
    await crowd.scene.work_for(minutes=2)
    files = read_files(crowd)
    assert [word for word in TELLING if word.encode() in files] == []
    assert b"paul@example.social" in files
    await verify_stream(crowd.scene.store, conversation_stream(1))
    row = await crowd.row()
    assert (row.author.handle, row.waiting_since, row.first_answered_at is not None) == ("", None, True)
    assert (await crowd.tally()).answered == 1


async def test_the_network_still_shows_it_and_it_does_not_come_back(crowd: Crowd) -> None:
    await tell_story(crowd)
    await forget(crowd.scene.desk, parse_person("mastodon:maria@example.social"))
    await crowd.hear(build_mention("x-post-981", "I am Mrs Wunderlich, is my password safe?"))
    assert len(await crowd.rows()) == 2
    assert (await crowd.row()).last_text == ""


async def test_after_ninety_days_words_and_names_are_erased_and_the_numbers_stay(crowd: Crowd) -> None:
    await tell_story(crowd)
    await crowd.scene.publish_update(build_form("Fixed.", status=Status.RESOLVED))
    crowd.scene.clock.move(days=89)
    assert await erase_old(crowd.scene.desk) == 0
    crowd.scene.clock.move(days=2)
    assert await erase_old(crowd.scene.desk) == 2
    assert await erase_old(crowd.scene.desk) == 0
    files = read_files(crowd)
    assert [word for word in (*TELLING, "paul@example.social") if word.encode() in files] == []
    tally = await crowd.tally()
    assert (tally.received, tally.answered, tally.median) == (2, 1, timedelta(minutes=0))
    for number in (1, 2):
        assert verify(await crowd.scene.store.read(lambda reads, n=number: reads.load(conversation_stream(n))))


async def test_an_open_incident_keeps_what_it_needs(crowd: Crowd) -> None:
    await tell_story(crowd)
    crowd.scene.clock.move(days=200)
    assert await erase_old(crowd.scene.desk) == 0


async def test_read_tables_are_rebuilt_over_erased_records(crowd: Crowd) -> None:
    await tell_story(crowd)
    await forget(crowd.scene.desk, parse_person("mastodon:maria@example.social"))
    before = await crowd.rows()
    await rebuild(crowd.scene.desk, lambda done, of: None)
    after = await crowd.rows()
    assert [(row.mentions, row.waiting_since, row.first_answered_at) for row in after] == [
        (row.mentions, row.waiting_since, row.first_answered_at) for row in before
    ]


async def test_of_a_stranger_nothing_is_kept(crowd: Crowd) -> None:
    await tell_story(crowd)
    with pytest.raises(NotFound, match="Nothing of nobody on mastodon is kept"):
        await forget(crowd.scene.desk, parse_person("mastodon:nobody"))
    with pytest.raises(NotFound):
        await forget(crowd.scene.desk, parse_person("x:maria@example.social"))


@pytest.mark.parametrize("text", ["", "mastodon", "mastodon:", ":maria", "mastodon:@"])
def test_a_person_is_named_with_the_network(text: str) -> None:
    with pytest.raises(BadInput, match="Write it like"):
        parse_person(text)


def test_a_kind_means_all_its_outlets() -> None:
    person = parse_person("mastodon:maria")
    assert person.is_on(MASTODON)
    assert not person.is_on(type(MASTODON)("mastodonia"))
