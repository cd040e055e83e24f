"""The preview: every character of every outlet's text, and nothing else that looks like it."""

from dataclasses import replace

import pytest
from hypothesis import given

from chatops.domain.errors import BadInput
from chatops.domain.ids import OutletKey
from chatops.domain.records import OutletWords
from chatops.domain.update import Revision
from chatops.domain.wording import TextLimits
from chatops.slack.views import preview_modal
from tests.builders import PAGE_SPEC, build_revision, build_spec, open_journal, propose
from tests.slack.views.checking import Json, check_screen, field_labels, find_all, read
from tests.slack.views.texts import LAW, revisions

INCIDENT = open_journal().incident
SPECS = (PAGE_SPEC, build_spec("email", limits=TextLimits(max_chars=5000)))


def revision_of(*words: OutletWords) -> Revision:
    draft = propose(open_journal(), build_revision()).incident.draft
    assert draft is not None
    return replace(draft.current, words=words)


def boxes(value: object) -> str:
    """The text of all preformatted boxes, joined as it is."""
    return "".join(text["text"] for box in find_all(value, "rich_text_preformatted") for text in find_all(box, "text"))


def build(revision: Revision) -> Json:
    return check_screen(preview_modal.build(INCIDENT, revision, SPECS))


def test_each_outlet_with_account_subject_length_and_text() -> None:
    words = OutletWords(
        outlet=OutletKey("email"), account="list@acme.example", subject="[Acme] *Logins*", parts=("It fails.",)
    )
    screen = build(revision_of(words))
    shown = read(screen["blocks"])
    assert screen["title"]["text"] == "Preview"
    assert "submit" not in screen
    assert field_labels(screen) == []
    for part in ("Email", "list@acme.example · 9 of 5,000 characters", "Subject", "[Acme] *Logins*", "It fails."):
        assert part in shown


def test_parts_are_numbered() -> None:
    shown = read(build(revision_of(OutletWords(outlet=OutletKey("x"), parts=("One.", "Two."))))["blocks"])
    assert "Part 2 of 2\nTwo." in shown
    assert "2 posts: 4 + 4 characters each" in shown


def test_an_empty_text_is_said_to_be_empty() -> None:
    assert "(nothing)" in read(build(revision_of(OutletWords(outlet=OutletKey("x"), parts=("",))))["blocks"])


def test_a_long_text_is_whole_over_several_boxes() -> None:
    text = "".join(f"{number:05} *line* <{number}> &amp;\n" for number in range(500))
    screen = build(revision_of(OutletWords(outlet=OutletKey("page"), parts=(text,))))
    assert boxes(screen) == text


def test_too_much_for_slack_is_shortened_without_loss() -> None:
    body = "🔥" * 12_000
    letter = f"Investigating: Logins\n\n{body}\n\nAll updates: https://acme.example"
    page, mail = (
        OutletWords(outlet=OutletKey("page"), parts=(body,)),
        OutletWords(outlet=OutletKey("email"), parts=(letter,)),
    )
    screen = build(revision_of(page, mail))
    shown, mailed = screen["blocks"][1:]
    assert boxes(shown) == body
    assert "word for word the text of Page above" in read(mailed)
    assert boxes(mailed) == letter.replace(body, "")


def test_what_cannot_be_shown_cannot_be_previewed() -> None:
    texts = ("🔥" * 12_000, "🧯" * 12_000)
    words = [OutletWords(outlet=OutletKey(f"kind.{index}"), parts=(text,)) for index, text in enumerate(texts)]
    with pytest.raises(BadInput, match="shorten the draft"):
        preview_modal.build(INCIDENT, revision_of(*words), SPECS)


@LAW
@given(revision=revisions(1, outlets=6))
def test_any_words_are_shown_to_the_letter(revision: Revision) -> None:
    try:
        view = preview_modal.build(INCIDENT, revision, SPECS)
    except BadInput:
        return
    screen = check_screen(view)
    whole = "".join((words.subject or "") + "".join(words.parts) for words in revision.words)
    if "word for word" not in read(screen):
        assert boxes(screen) == whole
