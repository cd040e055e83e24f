"""One revision → the exact words for each outlet, and what happens with them there."""

from dataclasses import replace
from datetime import datetime

from chatops.domain.errors import BadInput
from chatops.domain.records import Action, OutletWords, Purpose
from chatops.domain.report import format_minute
from chatops.domain.short import ELLIPSIS, compose_short
from chatops.domain.update import DraftForm
from chatops.domain.wording import OutletSpec, Setting, Target, compose_body, require_fit


def render(form: DraftForm, specs: tuple[OutletSpec, ...], setting: Setting) -> tuple[OutletWords, ...]:
    """The words for each chosen outlet, in the order of the settings; raises BadInput where they do not fit."""
    chosen = [spec for spec in specs if spec.key in form.outlets]
    return tuple(_render_one(form, spec, setting) for spec in chosen)


def _render_one(form: DraftForm, spec: OutletSpec, setting: Setting) -> OutletWords:
    target = setting.targets.get(spec.key, Target())
    if form.purpose is Purpose.UPDATE or not (target.posts or target.is_on_its_way):
        return _render_post(form, spec, setting)
    if form.purpose is Purpose.RETRACTION and spec.abilities.retract and target.posts and target.is_known:
        # Each part of it is taken away; the text says so where a place keeps a mark, as our own page does.
        return _words(spec, "retract", (compose_body(form, signs=spec.abilities.signs),) * target.posts)
    if form.purpose is Purpose.RETRACTION and spec.abilities.edit and target.posts == 1 and target.is_known:
        # It cannot be removed there, but the wrong words can: what is said instead stands in their place.
        lead = word_about(form.purpose, setting.target_at)
        return _words(spec, "edit", _compose_led(form, lead, spec, setting), subject=_subject(spec, setting))
    if form.purpose is Purpose.CORRECTION and spec.abilities.edit and target.is_known and not target.is_followed:
        # As it stood then: the first post of an incident keeps its link.
        parts = _compose(form, spec, replace(setting, standing={spec.key: target.before}))
        if len(parts) == target.posts:
            return _words(spec, "edit", parts, subject=_subject(spec, setting))
    return _render_post(form, spec, setting, lead=word_about(form.purpose, setting.target_at))


def _render_post(form: DraftForm, spec: OutletSpec, setting: Setting, *, lead: str = "") -> OutletWords:
    if lead:
        # A correction that follows promises nothing anew: the clock is that of the news.
        form = replace(form, promise_minutes=None)
    parts = _compose_led(form, lead, spec, setting)
    fallback: tuple[str, ...] = ()
    if spec.abilities.may_refuse_thread and setting.standing.get(spec.key):
        parts, fallback = _compose_fallback(form, lead, parts, spec, setting)
    return _words(spec, "post", parts, subject=_subject(spec, setting), fallback=fallback)


def _compose_fallback(
    form: DraftForm, about: str, parts: tuple[str, ...], spec: OutletSpec, setting: Setting
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Parts and their stand-ins, one for each, cut at the same places: any mix of them tells the whole.

    A stand-alone post says what it belongs to, with the title where there is room.
    """
    refusal: BadInput | None = None
    for lead in (f"Update on “{setting.title}”: ", "Update: "):
        try:
            fallback = _compose_led(form, f"{lead}{about}", replace(spec, split=len(parts) > 1), setting)
        except BadInput as error:
            refusal = error
            continue
        return ((fallback[0].removeprefix(lead), *fallback[1:]) if len(parts) > 1 else parts), fallback
    raise BadInput(
        f"{refusal} This counts “Update: ” in front of it, for when {spec.label} refuses to continue our thread.",
        field=refusal.field if refusal else None,
    )


def _words(
    spec: OutletSpec,
    action: Action,
    parts: tuple[str, ...],
    *,
    subject: str | None = None,
    fallback: tuple[str, ...] = (),
) -> OutletWords:
    return OutletWords(
        outlet=spec.key, account=spec.account, subject=subject, action=action, parts=parts, fallback=fallback
    )


def _subject(spec: OutletSpec, setting: Setting) -> str | None:
    match spec.form:
        case "letter":
            return f"[{setting.team}] {setting.title}"
        case "titled":
            return setting.title
        case _:
            return None


def _compose(form: DraftForm, spec: OutletSpec, setting: Setting) -> tuple[str, ...]:
    """The parts, each within the limit; raises BadInput with the count where they cannot be."""
    if spec.form == "short":
        return compose_short(form, spec, setting)
    body = compose_body(form, signs=spec.abilities.signs)
    if spec.form == "letter":
        body = _compose_letter(form, body, setting)
    require_fit(body, spec, field="what_happened")
    return (body,)


def word_about(purpose: Purpose, target_at: datetime | None) -> str:
    """Where nothing can be edited or removed, the words say themselves what they replace."""
    when = f" ({format_minute(target_at)})" if target_at else ""
    return f"{purpose.value.capitalize()} of our earlier update{when}: "


def _compose_led(form: DraftForm, lead: str, spec: OutletSpec, setting: Setting) -> tuple[str, ...]:
    """As `_compose`, beginning with `lead`; a cut must leave more than that."""
    parts = _compose(_with_lead(form, lead) if lead else form, spec, setting)
    nothing_else = (f"{lead.rstrip()}{ELLIPSIS}", f"{lead.rstrip()} (1/")
    if lead and spec.form == "short" and (not parts[0].startswith(lead) or parts[0].startswith(nothing_else)):
        length = spec.limits.count(f"{lead}{form.sections.what_happened}")
        raise BadInput(
            f"Too long for {spec.label}: {length:,} characters, at most {spec.limits.max_chars:,}, "
            f"as it has to begin with “{lead.strip()}”. Write a Short version.",
            field="short_version",
        )
    return parts


def _with_lead(form: DraftForm, lead: str) -> DraftForm:
    changed = {"what_happened": f"{lead}{form.sections.what_happened}"}
    if form.sections.short_version:
        changed["short_version"] = f"{lead}{form.sections.short_version}"
    return replace(form, sections=form.sections.model_copy(update=changed))


def _compose_letter(form: DraftForm, body: str, setting: Setting) -> str:
    head = f"{form.status.value.capitalize()}: {setting.title}"
    foot = f"\n\nAll updates: {setting.page_url}" if setting.page_url else ""
    return f"{head}\n\n{body}{foot}"
