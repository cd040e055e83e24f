"""One form → the exact words for each outlet."""

import pytest

from chatops.domain.errors import BadInput
from chatops.domain.records import Sections, Status
from chatops.domain.rendering import render
from chatops.domain.wording import Abilities, Setting, TextLimits, list_paragraphs, word_promise
from tests.builders import EMAIL, PAGE, PAGE_SPEC, build_form, build_spec

SETTING = Setting(title="Logins fail", team="Acme", page_url="https://status.acme.example/incidents/INC-1")
FULL = Sections(
    what_happened="Logins fail.",
    who_is_affected="Everybody.",
    what_we_are_doing="We look into it.",
    what_you_should_do="Wait.",
)


def test_sections_stand_in_their_order_and_empty_ones_are_left_out() -> None:
    assert list_paragraphs(FULL) == ["Logins fail.", "Everybody.", "We look into it.", "Wait."]
    assert list_paragraphs(Sections(what_happened="Logins fail.")) == ["Logins fail."]


def test_the_page_and_the_mail_say_the_same_with_a_head_and_a_foot_on_the_mail() -> None:
    page, email = render(build_form(sections=FULL, promise_minutes=30), (PAGE_SPEC, build_spec()), SETTING)
    body = (
        "Logins fail.\n\nEverybody.\n\nWe look into it.\n\nWait.\n\n"
        "We will post the next update within 30 minutes of this post.\n\n— Ana"
    )
    assert page.parts == (body,)
    assert page.subject is None
    assert email.subject == "[Acme] Logins fail"
    assert email.parts == (f"Investigating: Logins fail\n\n{body}\n\nAll updates: {SETTING.page_url}",)


def test_words_name_the_account_they_will_stand_on() -> None:
    (words,) = render(build_form(outlets=(EMAIL,)), (PAGE_SPEC, build_spec()), SETTING)
    assert (words.outlet, words.account) == (EMAIL, "acme on email")


def test_words_come_in_the_order_of_the_settings() -> None:
    rendered = render(build_form(outlets=(EMAIL, PAGE)), (PAGE_SPEC, build_spec()), SETTING)
    assert [words.outlet for words in rendered] == [PAGE, EMAIL]


def test_an_outlet_that_does_not_sign_leaves_the_name_out() -> None:
    spec = build_spec(form="page", abilities=Abilities(signs=False))
    (words,) = render(build_form(outlets=(EMAIL,)), (spec,), SETTING)
    assert "Ana" not in words.parts[0]


def test_a_promise_is_worded_relative_to_the_post_and_never_after_the_end() -> None:
    assert word_promise(120, status=Status.MONITORING) == "We will post the next update within 2 hours of this post."
    assert word_promise(7, status=Status.MONITORING) == "We will post the next update within 7 minutes of this post."
    assert word_promise(None, status=Status.MONITORING) is None
    assert word_promise(30, status=Status.RESOLVED) is None


def test_words_too_long_as_the_network_counts_are_refused_with_the_outlets_name() -> None:
    spec = build_spec(form="page", limits=TextLimits(max_chars=20, count=lambda text: 2 * len(text)))
    assert render(build_form("Logins.", outlets=(EMAIL,), sign_as=""), (spec,), SETTING)
    with pytest.raises(BadInput, match="Too long for Email: 24 characters, at most 20"):
        render(build_form("Logins fail.", outlets=(EMAIL,), sign_as=""), (spec,), SETTING)


def test_without_a_page_a_mail_has_no_foot() -> None:
    setting = Setting(title="Logins fail", team="Acme", page_url=None)
    (words,) = render(build_form(outlets=(EMAIL,)), (build_spec(),), setting)
    assert words.parts[0].endswith("— Ana")
