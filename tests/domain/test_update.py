"""Drafts: what a form must have, what the digest covers, which moves a closed or superseded draft refuses."""

import hashlib
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.domain.chain import canonical_json
from chatops.domain.errors import BadInput, Conflict, IllegalMove
from chatops.domain.ids import IncidentNumber, OutletKey
from chatops.domain.records import DraftWithdrawn, Impact, OutletWords, Sections, Status
from chatops.domain.update import (
    PREVIEW_CHARS,
    SECTION_CHARS,
    SIGN_AS_CHARS,
    check_form,
    clean_line,
    clean_text,
    digest_revision,
    require_base,
    require_current,
    require_draft,
)
from tests.builders import (
    EMAIL,
    PAGE,
    Journal,
    approve,
    broadcast,
    build_form,
    build_revision,
    open_journal,
    propose,
)


def draft_of(journal: Journal) -> Any:
    return journal.incident.draft


def test_a_form_needs_words_an_outlet_and_lengths_that_fit() -> None:
    check_form(build_form("x" * SECTION_CHARS))
    refused = {
        "what_happened": [build_form(" "), build_form("x" * (SECTION_CHARS + 1))],
        "who_is_affected": [build_form(sections=Sections(what_happened="x", who_is_affected="x" * 3001))],
        "sign_as": [build_form(sign_as="x" * (SIGN_AS_CHARS + 1))],
        "outlets": [build_form(outlets=())],
    }
    for field, forms in refused.items():
        for form in forms:
            with pytest.raises(BadInput) as error:
                check_form(form)
            assert error.value.field == field


DIGESTED: dict[str, Any] = {
    "incident": IncidentNumber(1),
    "title": "Logins fail",
    "impact": Impact.MINOR,
    "components": ("API",),
    "form": build_form(),
    "words": (OutletWords(outlet=EMAIL, account="acme", subject="Logins", parts=("a", "b")),),
}
CHANGED: dict[str, dict[str, Any]] = {
    "another incident": {"incident": IncidentNumber(2)},
    "the title": {"title": "Logins failed"},
    "the impact": {"impact": Impact.MAJOR},
    "a component": {"components": ("API", "Web")},
    "the status": {"form": build_form(status=Status.RESOLVED)},
    "the promise": {"form": build_form(promise_minutes=30)},
    "the outlet": {"words": (OutletWords(outlet=PAGE, account="acme", subject="Logins", parts=("a", "b")),)},
    "the account": {"words": (OutletWords(outlet=EMAIL, account="acme2", subject="Logins", parts=("a", "b")),)},
    "the subject": {"words": (OutletWords(outlet=EMAIL, account="acme", subject="Login", parts=("a", "b")),)},
    "where a part ends": {"words": (OutletWords(outlet=EMAIL, account="acme", subject="Logins", parts=("ab",)),)},
    "one outlet more": {"words": (*DIGESTED["words"], OutletWords(outlet=PAGE, parts=("a",)))},
}


@pytest.mark.parametrize("what", CHANGED)
def test_the_digest_covers(what: str) -> None:
    assert digest_revision(**{**DIGESTED, **CHANGED[what]}) != digest_revision(**DIGESTED)


def test_the_digest_is_the_same_for_the_same_meaning() -> None:
    assert digest_revision(**DIGESTED) == digest_revision(**{**DIGESTED, "form": replace(build_form(), sign_as="x")})


def test_a_late_click_learns_why_nothing_changed() -> None:
    journal = propose(open_journal())
    with pytest.raises(IllegalMove, match="closed"):
        require_draft(None, 1)
    with pytest.raises(IllegalMove, match="closed"):
        require_draft(draft_of(journal), 2)
    with pytest.raises(IllegalMove, match="published"):
        require_draft(draft_of(broadcast(approve(journal))), 1)
    withdrawn = propose(open_journal()).write(DraftWithdrawn(draft=1))
    with pytest.raises(IllegalMove, match="withdrawn"):
        require_draft(draft_of(withdrawn), 1)


def test_the_digest_is_of_canonical_json() -> None:
    """The order of the fields is part of it: what was approved before must be the same after."""
    form = DIGESTED["form"]
    plain = {name: value for name, value in DIGESTED.items() if name != "form"}
    of_form = {name: getattr(form, name) for name in ("status", "promise_minutes", "purpose", "of_update")}
    words = [each.model_dump(mode="json") for each in DIGESTED["words"]]
    text = canonical_json({**plain, **of_form, "words": words})
    assert digest_revision(**DIGESTED) == hashlib.sha256(text.encode()).hexdigest()


def test_only_the_newest_revision_can_be_approved_or_edited() -> None:
    draft = draft_of(propose(open_journal()).write(build_revision(2)))
    assert require_current(draft, 2).number == 2
    require_base(draft, 2)
    with pytest.raises(Conflict):
        require_current(draft, 1)
    with pytest.raises(Conflict, match="while you were editing"):
        require_base(draft, 1)


def test_a_revision_longer_than_its_card_needs_its_preview_opened() -> None:
    def needs_preview(chars: int) -> bool:
        half = "x" * (chars // 2)
        revision = build_revision(sections=Sections(what_happened=half, short_version=half))
        return bool(draft_of(propose(open_journal(), revision)).current.needs_preview)

    assert not needs_preview(PREVIEW_CHARS)
    assert needs_preview(PREVIEW_CHARS + 2)


def test_a_revision_names_its_outlets() -> None:
    assert draft_of(propose(open_journal())).current.outlets == (PAGE, OutletKey("email"))


@given(st.text(st.characters()))
def test_cleaned_text_can_be_stored_and_cleaning_it_again_changes_nothing(text: str) -> None:
    clean = clean_text(text)
    clean.encode()
    assert clean_text(clean) == clean
    assert "\r" not in clean
    assert "\x00" not in clean
    line = clean_line(text)
    assert "\n" not in line
    assert clean_line(line) == line


def test_half_a_character_is_dropped_and_line_ends_become_unix_ones() -> None:
    assert clean_text(" a\ud800b\r\nc\x00\x7f\td ") == "ab\nc\td"
