"""The card of a conversation: what it says in each state, which buttons it has, and that any words fit."""

import pytest
from hypothesis import given

from chatops.domain.conversation import ReplyState
from chatops.domain.errors import BadInput
from chatops.domain.ids import ConversationId, IncidentNumber
from chatops.domain.mention import Author
from chatops.slack.views import mention_card
from chatops.slack.views.customer_words import (
    find_link,
    format_reply,
    one_line,
    parse_conversation,
    parse_reply,
    word_author,
    word_text,
)
from chatops.usecases.customer_snapshots import ConversationSnapshot
from tests.builders import ANA, BEN, minute
from tests.slack.views.checking import NEVER, Json, check_message, find_all, labels, press, read
from tests.slack.views.customers import (
    SPECS,
    build_answer,
    build_answered,
    build_conversation,
    build_group,
    build_mention,
    build_reply,
    build_row,
    build_snapshot,
    snapshots,
)
from tests.slack.views.texts import LAW

FREE = ["Claim", "Reply", "No reply needed", "Escalate"]


def show(snapshot: ConversationSnapshot) -> list[Json]:
    blocks = check_message(mention_card.build(snapshot, SPECS))
    assert not NEVER.search(read(blocks))
    return blocks


def test_who_where_what_and_since_when() -> None:
    blocks = show(build_snapshot())
    text = read(blocks)
    assert "*Lena Fox* lena@fedi.example · Mastodon · 1,204 followers · <https://fedi.example/1|open>" in text
    assert "⏳ Waiting since <!date^" in text
    assert "Is my password safe?" in text
    assert labels(blocks) == FREE
    assert {button["value"] for button in find_all(blocks, "button")} == {"17"}
    assert mention_card.build(build_snapshot(), SPECS)[0] == "Lena Fox on Mastodon: “Is my password safe?”"


def test_a_claim_shows_whose_it_is_until_when_and_ends_by_itself() -> None:
    held = build_conversation(claimed_by=BEN.id, claimed_until=minute(25))
    blocks = show(build_snapshot(conversation=held))
    assert "✋ *Ben Example* is on it, until <!date^" in read(blocks)
    assert labels(blocks) == ["Reply", "No reply needed", "Escalate", "Hand over", "Release"]
    assert labels(show(build_snapshot(conversation=held, now=minute(26)))) == FREE


def test_several_posts_are_quoted_with_what_became_of_them() -> None:
    posts = [build_mention(seq, f"Post {seq}") for seq in range(1, 6)]
    posts[3] = build_mention(4, "", deleted_at=minute(9))
    posts[4] = build_mention(5, "Post 5", edited_at=minute(9))
    text = read(show(build_snapshot(mentions=tuple(posts))))
    assert "2 earlier posts left out\nPost 3\n(deleted by its author)\nPost 5\n (edited)" in text
    assert "Post 2" not in text


def test_what_was_answered_before_is_not_quoted_again() -> None:
    sent = build_reply(state=ReplyState.SENT, settled_at=minute(8), url="https://fedi.example/a")
    conversation = build_conversation(sent, covers=1)
    posts = (build_mention(1, "Old"), build_mention(2, "New"))
    text = read(show(build_snapshot(conversation=conversation, mentions=posts)))
    assert "1 earlier post left out\nNew" in text
    assert "Old" not in text
    assert "💬 Earlier here: Ana Example answered <!date^" in text


def test_echoes_groups_and_earlier_contact_are_told() -> None:
    earlier = (
        build_row(9, incident=IncidentNumber(3), answered_by=BEN.id),
        build_row(8),
        build_row(7),
    )
    snapshot = build_snapshot(
        row=build_row(echoes=3), group=build_group(), answer=build_answer(approved_by=BEN.id), earlier=earlier
    )
    text = read(show(snapshot))
    assert "🔁 3 others have shared it" in text
    assert "👥 37 ask the same, and the team has an answer" in text
    assert "↩️ Wrote in INC-3, answered by Ben Example" in text
    assert "↩️ Wrote earlier too, not answered" in text
    assert "and 1 time before" in text
    assert "ask the same" not in read(show(build_snapshot(group=build_group(count=2))))


@pytest.mark.parametrize(
    ("state", "words", "buttons"),
    [
        (ReplyState.UNAPPROVED, "Somebody else has to read it before it goes out", ["Approve", "Drop", "Escalate"]),
        (ReplyState.QUEUED, "Ana Example's answer is on its way", ["Escalate"]),
        (ReplyState.HELD, "was not sent.* Because.", ["Send anyway", "Drop", "Escalate"]),
        (ReplyState.UNCERTAIN, "may stand there.* Because.", ["It arrived", "Send again", "Escalate"]),
        (ReplyState.REFUSED, "was refused.* Because.", ["Retry", *FREE]),
        (ReplyState.DROPPED, "Waiting since", FREE),
    ],
)
def test_each_state_of_the_answer_has_its_words_and_buttons(state: ReplyState, words: str, buttons: list[str]) -> None:
    blocks = show(build_snapshot(build_reply(state=state, reason="Because.")))
    assert words in read(blocks)
    assert labels(blocks) == buttons
    for label in set(buttons) - {*FREE}:
        assert press(blocks, label)["value"] == "17/1"


def test_a_second_pair_of_eyes_sees_every_character() -> None:
    words = "So many words. " * 190
    assert words in read(show(build_snapshot(build_reply(state=ReplyState.UNAPPROVED, words=words))))


def test_a_pause_is_told_where_an_answer_waits_for_it() -> None:
    text = read(show(build_snapshot(build_reply(state=ReplyState.QUEUED), paused="Legal reads <all>.")))
    assert "answer waits, because all replying is paused:* Legal reads &lt;all&gt;." in text


def test_a_pause_of_one_outlet_is_told_where_an_answer_waits_for_it() -> None:
    queued = build_reply(state=ReplyState.QUEUED)
    text = read(show(build_snapshot(queued, outlet_paused="We are <locked> out.")))
    assert "answer waits, because Mastodon is paused:* We are &lt;locked&gt; out." in text
    both = read(show(build_snapshot(queued, outlet_paused="We are locked out.", paused="Legal reads.")))
    assert "because all replying is paused:* Legal reads." in both


def test_who_called_the_commander_cannot_call_again() -> None:
    blocks = show(build_snapshot(conversation=build_conversation(escalated_reason="A journalist.")))
    assert "🚨 The commander was called: A journalist." in read(blocks)
    assert "Escalate" not in labels(blocks)


def test_where_there_is_nothing_to_do_there_are_no_buttons() -> None:
    conversation = build_conversation(build_reply(state=ReplyState.QUEUED), escalated_reason="A journalist.")
    assert labels(show(build_snapshot(conversation=conversation))) == []


def test_what_is_answered_shrinks_to_two_lines() -> None:
    sent = build_reply(state=ReplyState.SENT, settled_at=minute(8), url="https://fedi.example/a")
    blocks = show(build_answered(sent))
    assert len(blocks) == 1
    first, second = read(blocks).split("\n")
    assert first == "✅ *Lena Fox* lena@fedi.example · Mastodon: “Is my password safe?”"
    assert second.startswith("Ana Example answered <!date^")
    assert second.endswith("“@lena Your password is safe. — Ana” · <https://fedi.example/a|open>")


def test_a_promise_to_come_back_stays_until_it_is_kept() -> None:
    sent = build_reply(state=ReplyState.SENT)
    blocks = show(build_answered(sent, follow_up=True))
    assert "📌 We promised to come back" in read(blocks)
    assert labels(blocks) == ["Reply", "Done"]


def test_what_needs_no_reply_says_why() -> None:
    assert "No reply needed: A joke." in read(show(build_answered(closed_reason="A joke.")))


def test_what_its_author_deleted_asks_nothing() -> None:
    gone = build_mention(text="", deleted_at=minute(3))
    text = read(show(build_snapshot(row=build_row(waiting_since=None), mentions=(gone,))))
    assert text.endswith("(deleted by its author)\nNobody waits here any more.")


def test_names_cannot_pass_for_our_own_words() -> None:
    assert one_line("a\u202eb\n\nc", 10) == "ab c"
    assert word_author(Author(id="1", handle="lena", name="")) == "*lena*"
    assert word_author(Author(id="1", handle="", name="")) == "*(erased)*"
    assert word_author(Author(id="1", handle="<!here>", name="*A* <b>")) == "*∗A∗ &lt;b&gt;* @&lt;!here&gt;"
    assert word_text("`x` *b* _i_ snake_case ~s~ :fire: 10:30", 100) == "“ˋxˋ ∗b∗ ＿i＿ snake_case ∼s∼ ∶fire: 10:30”"


@pytest.mark.parametrize("url", [None, "", "javascript:alert(1)", "ftp://x", "https://", f"https://x/{'a' * 600}"])
def test_only_addresses_of_the_web_become_links(url: str | None) -> None:
    assert find_link(url, "open") is None


def test_values_survive_their_buttons_and_nonsense_is_refused() -> None:
    assert parse_reply(format_reply(17, 2)) == (ConversationId(17), 2)
    assert parse_conversation("17") == 17
    for value in ("", "x", "17/2", "-1", "1" * 16, "²"):
        with pytest.raises(BadInput, match="points nowhere"):
            parse_conversation(value)
    for value in ("", "17", "17/", "a/b", "17/2/3"):
        with pytest.raises(BadInput, match="points nowhere"):
            parse_reply(value)


def test_somebody_who_is_not_in_the_table_any_more() -> None:
    held = build_conversation(claimed_by=ANA.id, claimed_until=minute(25))
    assert "*Somebody* is on it" in read(show(build_snapshot(conversation=held, members={})))


@LAW
@given(snapshot=snapshots())
def test_the_card_holds_any_words(snapshot: ConversationSnapshot) -> None:
    check_message(mention_card.build(snapshot, SPECS))
