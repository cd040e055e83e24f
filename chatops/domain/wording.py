"""One revision → the exact words for each outlet."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from chatops.domain.errors import BadInput
from chatops.domain.ids import OutletKey
from chatops.domain.records import OutletWords, Sections, Status
from chatops.domain.update import DraftForm

PROMISES = {15: "15 minutes", 30: "30 minutes", 60: "1 hour", 120: "2 hours", 240: "4 hours"}
"""Minutes → the words of a promise. Relative to the post, so that they stay true whenever it goes out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TextLimits:
    """`max_chars` as the network counts; `count` is how it counts."""

    max_chars: int
    count: Callable[[str], int] = len


@dataclass(frozen=True, slots=True, kw_only=True)
class Abilities:
    """What a network can do, and how an uncertain send is settled there."""

    edit: bool = False
    retract: bool = False
    thread: bool = False
    signs: bool = True
    settled_by: Literal["own_key", "read_back", "person"] = "person"


@dataclass(frozen=True, slots=True, kw_only=True)
class OutletSpec:
    """What the rules need to know of a configured outlet. `form` chooses full sections or the short version.

    `titled` is the page's text with the incident's title as subject, for readers that show it where they like.
    """

    key: OutletKey
    label: str
    account: str
    limits: TextLimits
    abilities: Abilities = field(default_factory=Abilities)
    form: Literal["page", "letter", "titled", "short"] = "letter"
    cost: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What words need besides the form: the incident's title, its page, how the team calls itself."""

    title: str
    team: str
    page_url: str | None


def render(form: DraftForm, specs: tuple[OutletSpec, ...], setting: Setting) -> tuple[OutletWords, ...]:
    """The words for each chosen outlet, in the order of the settings; raises BadInput where they do not fit."""
    chosen = [spec for spec in specs if spec.key in form.outlets]
    return tuple(_render_one(form, spec, setting) for spec in chosen)


def _render_one(form: DraftForm, spec: OutletSpec, setting: Setting) -> OutletWords:
    body = compose_body(form, signs=spec.abilities.signs)
    subject = None
    if spec.form == "letter":
        subject = f"[{setting.team}] {setting.title}"
        body = _compose_letter(form, body, setting)
    elif spec.form == "titled":
        subject = setting.title
    length = spec.limits.count(body)
    if length > spec.limits.max_chars:
        raise BadInput(
            f"Too long for {spec.label}: {length:,} characters, at most {spec.limits.max_chars:,}.",
            field="what_happened",
        )
    return OutletWords(outlet=spec.key, account=spec.account, subject=subject, parts=(body,))


def compose_body(form: DraftForm, *, signs: bool) -> str:
    """The update as a reader sees it, the same on the page and in the mail."""
    paragraphs = [*list_paragraphs(form.sections)]
    promise = word_promise(form.promise_minutes, status=form.status)
    if promise:
        paragraphs.append(promise)
    if signs and form.sign_as:
        paragraphs.append(f"— {form.sign_as}")
    return "\n\n".join(paragraphs)


def list_paragraphs(sections: Sections) -> list[str]:
    """What happened, who it touches, what we do, what you should do: in this order, empty ones left out."""
    texts = (
        sections.what_happened,
        sections.who_is_affected,
        sections.what_we_are_doing,
        sections.what_you_should_do,
    )
    return [text for text in texts if text]


def word_promise(minutes: int | None, *, status: Status) -> str | None:
    if minutes is None or status is Status.RESOLVED:
        return None
    words = PROMISES.get(minutes, f"{minutes} minutes")
    return f"We will post the next update within {words} of this post."


def _compose_letter(form: DraftForm, body: str, setting: Setting) -> str:
    head = f"{form.status.value.capitalize()}: {setting.title}"
    foot = f"\n\nAll updates: {setting.page_url}" if setting.page_url else ""
    return f"{head}\n\n{body}{foot}"
