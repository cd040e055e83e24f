"""What happens with the words on each outlet: posted, edited in place, taken away, or said once more."""

from dataclasses import replace

import pytest

from chatops.domain.errors import BadInput
from chatops.domain.ids import IncidentNumber
from chatops.domain.records import Impact, OutletWords, Purpose, Sections
from chatops.domain.rendering import render
from chatops.domain.update import DraftForm, digest_revision
from chatops.domain.wording import Abilities, OutletSpec, Setting, Target, TextLimits
from tests.builders import EMAIL, PAGE, PAGE_SPEC, build_form, build_spec, minute

URL = "https://status.acme.example/incidents/INC-1"
ABLE = Abilities(edit=True, retract=True, thread=True, signs=False)
AGAIN = "Correction of our earlier update (24 Nov 03:10 UTC): "


def able_spec(**changes: object) -> OutletSpec:
    return build_spec("email", form="short", abilities=ABLE, link="first", **changes)


def setting(target: Target | None = None, **changes: object) -> Setting:
    made = Setting(title="Logins fail", team="Acme", page_url=URL, target_at=minute(10))
    targets = {EMAIL: target, PAGE: target} if target else {}
    return replace(made, targets=targets, **changes)  # type: ignore[arg-type]


def about(purpose: Purpose, words: str = "Logins fail.", **changes: object) -> DraftForm:
    return build_form(words, purpose=purpose, of_update=1, outlets=(EMAIL,), **changes)


def render_one(form: DraftForm, spec: OutletSpec, setting: Setting) -> OutletWords:
    (words,) = render(form, (spec,), setting)
    return words


def test_a_correction_is_an_edit_in_place_of_as_many_posts() -> None:
    words = render_one(about(Purpose.CORRECTION), able_spec(), setting(Target(posts=1), standing={EMAIL: 1}))
    assert words.action == "edit"
    assert words.parts == (f"Logins fail.\n\n{URL}",), "the first post keeps its link"
    later = render_one(about(Purpose.CORRECTION), able_spec(), setting(Target(posts=1, before=2), standing={EMAIL: 3}))
    assert later.parts == ("Logins fail.",)


@pytest.mark.parametrize(
    ("spec", "target"),
    [
        (build_spec(form="page", abilities=Abilities(signs=False)), Target(posts=1)),
        (able_spec(), Target(posts=2)),
        (able_spec(), Target(posts=1, is_known=False)),
        (able_spec(), Target(posts=1, is_followed=True)),
    ],
    ids=["cannot edit", "another number of posts", "nobody knows which post", "a correction follows already"],
)
def test_otherwise_it_follows_and_says_what_it_replaces(spec: OutletSpec, target: Target) -> None:
    form = about(Purpose.CORRECTION, promise_minutes=30)
    words = render_one(form, spec, setting(target, standing={EMAIL: 1}))
    assert (words.action, words.parts) == ("post", (f"{AGAIN}Logins fail.",)), "and promises nothing anew"


def test_a_retraction_takes_every_part_away_where_it_can() -> None:
    words = render_one(about(Purpose.RETRACTION, "Wrong."), able_spec(), setting(Target(posts=3)))
    assert (words.action, words.parts) == ("retract", ("Wrong.",) * 3)
    unknown = render_one(about(Purpose.RETRACTION, "Wrong."), able_spec(), setting(Target(posts=3, is_known=False)))
    assert unknown.action == "post"
    assert unknown.parts[0].startswith("Retraction of our earlier update (24 Nov 03:10 UTC): Wrong.")


def test_where_a_post_cannot_be_removed_its_words_are_replaced() -> None:
    spec = build_spec("email", form="titled", abilities=Abilities(edit=True, thread=True))
    form = about(Purpose.RETRACTION, "Wrong.", sign_as="")
    words = render_one(form, spec, setting(Target(posts=1), standing={EMAIL: 1}))
    assert words.action == "edit"
    assert words.parts == ("Retraction of our earlier update (24 Nov 03:10 UTC): Wrong.",)
    for target in (Target(posts=2), Target(posts=1, is_known=False)):
        assert render_one(form, spec, setting(target, standing={EMAIL: 2})).action == "post"


def test_a_mail_says_itself_what_it_takes_back() -> None:
    words = render_one(about(Purpose.RETRACTION, "Wrong.", sign_as=""), build_spec(), setting(Target(posts=1)))
    retraction = "Retraction of our earlier update (24 Nov 03:10 UTC): Wrong."
    assert words.parts == (f"Investigating: Logins fail\n\n{retraction}\n\nAll updates: {URL}",)
    assert words.subject == "[Acme] Logins fail"


def test_the_short_version_says_it_too() -> None:
    sections = Sections(what_happened="Logins fail.", short_version="Logins fail!")
    form = about(Purpose.CORRECTION, sections=sections)
    words = render_one(form, able_spec(), setting(Target(posts=2), standing={EMAIL: 2}))
    assert words.parts == (f"{AGAIN}Logins fail!",)


class TestFallback:
    """For a network that may refuse to continue our thread."""

    abilities = replace(ABLE, may_refuse_thread=True)

    def spec(self, max_chars: int = 280, *, split: bool = False) -> OutletSpec:
        limits = TextLimits(max_chars=max_chars)
        return replace(able_spec(), abilities=self.abilities, limits=limits, split=split)

    def test_the_first_post_needs_none(self) -> None:
        assert render_one(build_form(outlets=(EMAIL,)), self.spec(), setting()).fallback == ()

    def test_a_later_one_says_what_it_belongs_to(self) -> None:
        words = render_one(build_form(outlets=(EMAIL,)), self.spec(), setting(standing={EMAIL: 1}))
        assert (words.parts, words.fallback) == (("Logins fail.",), ("Update on “Logins fail”: Logins fail.",))

    def test_where_the_title_has_no_room_a_word_must_do(self) -> None:
        words = render_one(build_form("x" * 10, outlets=(EMAIL,)), self.spec(20), setting(standing={EMAIL: 1}))
        assert words.fallback == ("Update: xxxxxxxxxx",)

    def test_without_any_room_it_is_refused_and_says_why(self) -> None:
        sections = Sections(what_happened="Long.", short_version="x" * 20)
        form = build_form(sections=sections, outlets=(EMAIL,))
        with pytest.raises(BadInput, match=r"28 characters, at most 25.*refuses to continue our thread") as refused:
            render_one(form, self.spec(25), setting(standing={EMAIL: 1}))
        assert refused.value.field == "short_version"

    def test_parts_and_stand_ins_are_cut_alike_so_that_any_mix_tells_the_whole(self) -> None:
        text = " ".join(f"Sentence number {number}." for number in range(30))
        spec = self.spec(100, split=True)
        words = render_one(build_form(text, outlets=(EMAIL,)), spec, setting(standing={EMAIL: 1}))
        assert len(words.parts) == len(words.fallback) > 2
        assert words.fallback[0] == f"Update on “Logins fail”: {words.parts[0]}"
        assert words.fallback[1:] == words.parts[1:]
        assert all(len(part) <= 100 for part in (*words.parts, *words.fallback))
        assert " ".join(part.rsplit(" (", 1)[0] for part in words.parts) == text

    def test_of_a_correction_it_says_both(self) -> None:
        form = about(Purpose.CORRECTION)
        words = render_one(form, self.spec(), setting(Target(posts=2), standing={EMAIL: 2}))
        assert words.parts == (f"{AGAIN}Logins fail.",)
        assert words.fallback == (f"Update on “Logins fail”: {AGAIN}Logins fail.",)

    def test_an_edit_and_a_removal_need_none(self) -> None:
        for purpose in (Purpose.CORRECTION, Purpose.RETRACTION):
            words = render_one(about(purpose), self.spec(), setting(Target(posts=1), standing={EMAIL: 1}))
            assert (words.action == "post", words.fallback) == (False, ())


def test_the_page_is_edited_and_marked_where_it_stands() -> None:
    spec = replace(PAGE_SPEC, abilities=Abilities(edit=True, retract=True, settled_by="own_key"))
    for purpose, action in ((Purpose.CORRECTION, "edit"), (Purpose.RETRACTION, "retract")):
        form = build_form(purpose=purpose, of_update=1, outlets=(PAGE,))
        assert render_one(form, spec, setting(Target(posts=1))).action == action


@pytest.mark.parametrize(
    "changes",
    [{"action": "edit"}, {"fallback": ("Update: Logins fail.",)}, {"account": "@other"}, {"parts": ("Other.",)}],
)
def test_the_digest_covers_action_fallback_account_and_words(changes: dict[str, object]) -> None:
    words = OutletWords(outlet=EMAIL, account="@acme", parts=("Logins fail.",))

    def digest(words: OutletWords) -> str:
        return digest_revision(
            IncidentNumber(1), title="T", impact=Impact.MINOR, components=(), form=build_form(), words=(words,)
        )

    assert digest(words) != digest(words.model_copy(update=changes))


def test_the_digest_covers_purpose_and_what_it_is_about() -> None:
    forms = [
        build_form(),
        about(Purpose.CORRECTION),
        about(Purpose.RETRACTION),
        replace(about(Purpose.CORRECTION), of_update=2),
    ]
    digests = {
        digest_revision(IncidentNumber(1), title="T", impact=Impact.MINOR, components=(), form=form, words=())
        for form in forms
    }
    assert len(digests) == 4


def test_a_cut_that_would_leave_only_the_lead_is_refused_with_the_count() -> None:
    spec = able_spec(limits=TextLimits(max_chars=56))
    with pytest.raises(BadInput, match=r"\d+ characters, at most 56, as it has to begin with “Correction of our"):
        render_one(about(Purpose.CORRECTION, "word " * 22), spec, setting(Target(posts=2), standing={EMAIL: 2}))
