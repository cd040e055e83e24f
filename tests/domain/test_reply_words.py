"""The words of a reply: addressed, signed once, within the limit, nothing in them that must not be public."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.domain.errors import BadInput
from chatops.domain.mention import Author
from chatops.domain.reply_words import compose_reply, find_personal, holds_any, require_clean
from chatops.domain.wording import Abilities, TextLimits
from tests.builders import build_spec

MARIA = Author(id="1", handle="maria")
SHORT = build_spec("x", form="short", limits=TextLimits(max_chars=280))
NAMING = build_spec("mastodon", form="short", abilities=Abilities(reply_names_author=True))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Sorry!", "Sorry! — Belle"),
        ("  Sorry!\n", "Sorry! — Belle"),
        ("Sorry! -Belle", "Sorry! -Belle"),
        ("Sorry! — belle.", "Sorry! — belle."),
        ("Ask Belle", "Ask Belle — Belle"),
    ],
)
def test_signed_once(text: str, words: str) -> None:
    assert compose_reply(text, sign_as="Belle", author=MARIA, spec=SHORT) == words


def test_a_letter_is_signed_on_a_line_of_its_own() -> None:
    assert compose_reply("Hi", sign_as="Belle", author=MARIA, spec=build_spec("email")) == "Hi\n\n— Belle"


def test_whoever_writes_may_leave_out_the_name() -> None:
    assert compose_reply("Hi", sign_as="", author=MARIA, spec=SHORT) == "Hi"


def test_the_author_is_named_where_the_network_needs_it_and_only_once() -> None:
    assert compose_reply("Hi", sign_as="", author=MARIA, spec=NAMING) == "@maria Hi"
    assert compose_reply("Hi @Maria", sign_as="", author=MARIA, spec=NAMING) == "Hi @Maria"


def test_name_and_signature_count() -> None:
    room = 280 - len(" — Belle")
    compose_reply("x" * room, sign_as="Belle", author=MARIA, spec=SHORT)
    with pytest.raises(BadInput, match="281 of 280") as refusal:
        compose_reply("x" * (room + 1), sign_as="Belle", author=MARIA, spec=SHORT)
    assert refusal.value.field == "reply"


def test_an_answer_may_have_limits_of_its_own() -> None:
    spec = build_spec("facebook", limits=TextLimits(max_chars=10), reply_limits=TextLimits(max_chars=20))
    assert compose_reply("x" * 20, sign_as="", author=MARIA, spec=spec) == "x" * 20


@given(st.text(max_size=400), st.text(alphabet="abcdé —-", max_size=20))
def test_whatever_goes_out_fits_and_is_signed_at_most_once(text: str, name: str) -> None:
    try:
        words = compose_reply(text, sign_as=name.strip(), author=MARIA, spec=SHORT)
    except BadInput:
        return
    assert SHORT.limits.fit(words)
    again = compose_reply(words, sign_as=name.strip(), author=MARIA, spec=build_spec("x", form="short"))
    assert again.count(f"— {name.strip()}") <= max(1, text.count(f"— {name.strip()}")) + (not name.strip())


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("write to john.smith+1@gmail.com", "somebody's e-mail address"),
        ("call +1 (415) 555-2671", "a telephone number"),
        ("call 030 1234567890", "a telephone number"),
        ("call 415-555-2671", "a telephone number"),
        ("card 4111111111111111", "a card number"),
        ("IBAN DE89 3704 0044 0532 0130 00", "a bank account"),
    ],
)
def test_personal_data_is_found(words: str, kind: str) -> None:
    assert find_personal(words) == kind
    with pytest.raises(BadInput, match="Everybody can read"):
        require_clean(words, is_public=True)
    require_clean(words, is_public=False)


@pytest.mark.parametrize(
    "words",
    [
        "Write to support@acme.example or security@acme.example.",
        "Hi @paul@example.social!",
        "30,000 of 476,343 accounts, 6.3 %, since 2013-10-26 11:00 UTC",
        "See https://status.acme.example/incidents/INC-12345678 please",
        "order 4111111111111112 is fine",
    ],
)
def test_what_is_no_personal_data_goes_out(words: str) -> None:
    assert find_personal(words) is None


def test_a_secret_never_goes_out() -> None:
    for is_public in (True, False):
        with pytest.raises(BadInput, match="a Slack token"):
            require_clean("use xoxb-1234567890-abcdef", is_public=is_public)


def test_words_of_the_policy_are_whole_words() -> None:
    assert holds_any("The PRESS called", ("press",))
    assert holds_any("legal action!", ("legal action",))
    assert not holds_any("no pressure", ("press",))
