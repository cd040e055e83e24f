"""One revision → the exact words for each outlet, and what happens with them there."""

from dataclasses import replace

from chatops.domain.records import Action, OutletWords, Purpose
from chatops.domain.short import compose_short
from chatops.domain.update import DraftForm
from chatops.domain.wording import OutletSpec, Setting, compose_body, require_fit


def render(form: DraftForm, specs: tuple[OutletSpec, ...], setting: Setting) -> tuple[OutletWords, ...]:
    """The words for each chosen outlet, in the order of the settings; raises BadInput where they do not fit."""
    chosen = [spec for spec in specs if spec.key in form.outlets]
    return tuple(_render_one(form, spec, setting) for spec in chosen)


def _render_one(form: DraftForm, spec: OutletSpec, setting: Setting) -> OutletWords:
    targets = setting.targets.get(spec.key, 0)
    if form.purpose is Purpose.RETRACTION and targets and spec.abilities.retract:
        # Each part of it is taken away; the text says so where a place keeps a mark, as our own page does.
        return _words(spec, "retract", (compose_body(form, signs=spec.abilities.signs),) * targets)
    parts = _compose(form, spec, setting)
    if form.purpose is Purpose.CORRECTION and spec.abilities.edit and targets == len(parts):
        return _words(spec, "edit", parts, subject=_subject(spec, setting))
    if form.purpose is not Purpose.UPDATE and targets:
        parts = _compose(say_about(form), spec, setting)
    fallback: tuple[str, ...] = ()
    if spec.abilities.may_refuse_thread and setting.standing.get(spec.key):
        fallback = _compose(stand_alone(form, setting.title), spec, setting)
    return _words(spec, "post", parts, subject=_subject(spec, setting), fallback=fallback)


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


def say_about(form: DraftForm) -> DraftForm:
    """Where nothing can be edited or removed, the words say themselves what they replace."""
    word = "Correction" if form.purpose is Purpose.CORRECTION else "Retraction"
    return _with_lead(form, f"{word} of our earlier update: ")


def stand_alone(form: DraftForm, title: str) -> DraftForm:
    """For a network that refuses to continue our thread: the post says what it belongs to."""
    return _with_lead(form, f"Update on “{title}”: ")


def _with_lead(form: DraftForm, lead: str) -> DraftForm:
    changed = {"what_happened": f"{lead}{form.sections.what_happened}"}
    if form.sections.short_version:
        changed["short_version"] = f"{lead}{form.sections.short_version}"
    return replace(form, sections=form.sections.model_copy(update=changed))


def _compose_letter(form: DraftForm, body: str, setting: Setting) -> str:
    head = f"{form.status.value.capitalize()}: {setting.title}"
    foot = f"\n\nAll updates: {setting.page_url}" if setting.page_url else ""
    return f"{head}\n\n{body}{foot}"
