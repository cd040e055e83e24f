"""What changed between two revisions: brief, whatever was rewritten."""

from dataclasses import replace

import pytest
from hypothesis import given

from chatops.domain.records import Sections, Status
from chatops.domain.update import Revision
from chatops.slack.views import wording_diff
from chatops.slack.views.wording_diff import list_changes
from tests.builders import build_revision, open_journal, propose
from tests.slack.views.checking import find_all
from tests.slack.views.texts import LAW, revisions


def revision_of(words: str = "", **changes: object) -> Revision:
    draft = propose(open_journal(), build_revision()).incident.draft
    assert draft is not None
    sections = Sections(**dict.fromkeys(Sections.model_fields, words))
    return replace(draft.current, sections=sections, **changes)  # type: ignore[arg-type]


def texts(old: Revision, new: Revision) -> list[str]:
    elements = [element.to_dict() for element in list_changes(old, new)]
    return [text["text"] for text in find_all(elements, "text")]


@pytest.mark.parametrize(
    ("old", "new", "pieces"),
    [
        ("we look", "we still look", ["we", " ", "still", " ", "look", "\n"]),
        ("we still look", "we look", ["we", " ", "still", " ", "look", "\n"]),
        ("", "we look", ["we look", "\n"]),
        ("one two", "two one", ["one two", " ", "two one", "\n"]),
        ("1 2 3 4 5 x", "1 2 3 4 5 y", ["…2 3 4 5", " ", "x", " ", "y", "\n"]),
        ("x 1 2 3 4 5", "y 1 2 3 4 5", ["x", " ", "y", " ", "1 2 3 4…", "\n"]),
    ],
)
def test_the_stretch_that_differs(old: str, new: str, pieces: list[str]) -> None:
    before = replace(revision_of(), sections=Sections(what_happened=old))
    after = replace(revision_of(), sections=Sections(what_happened=new))
    assert texts(before, after) == ["Changed since the revision before\n", "What happened: ", *pieces]


def test_other_changes_are_named() -> None:
    new = revision_of(status=Status.RESOLVED, promise_minutes=45, sign_as="")
    shown = texts(revision_of(), new)
    assert "Investigating → Resolved\n" in shown
    assert "No promise → 45 minutes\n" in shown
    assert "Ana → nothing\n" in shown


def test_nothing_changed() -> None:
    assert list_changes(revision_of("same"), revision_of("same")) == []


def test_too_many_changes_are_counted() -> None:
    around = "roundabout " * 9
    old = revision_of(f"{around}{'x ' * 60}{around}", components=("x" * 70,), sign_as="x" * 40)
    new = revision_of(
        f"{around}{'y ' * 60}{around}",
        components=("y" * 70,),
        sign_as="y" * 40,
        status=Status.RESOLVED,
        promise_minutes=15,
    )
    assert texts(old, new)[-1].startswith("… and ")


@LAW
@given(old=revisions(1), new=revisions(2))
def test_changes_stay_brief(old: Revision, new: Revision) -> None:
    assert sum(map(len, texts(old, new))) <= wording_diff.CHANGES_CHARS + 60
