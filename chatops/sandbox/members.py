"""Members of the workspace: the people one can be, the guest, Slackbot and the app's bot."""

from dataclasses import dataclass, replace

from chatops.sandbox.wire import Json

UPDATED_AT = 1_760_000_000


@dataclass(kw_only=True)
class Member:
    id: str
    name: str
    real_name: str
    title: str
    color: str
    email: str | None = None
    tz: str = "Europe/London"
    tz_label: str = "Greenwich Mean Time"
    tz_offset_seconds: int = 0
    is_admin: bool = False
    is_owner: bool = False
    is_guest: bool = False
    is_bot: bool = False
    deleted: bool = False
    updated: int = UPDATED_AT

    @property
    def first_name(self) -> str:
        return self.real_name.split()[0]

    def goes_by(self, name: str) -> bool:
        """Whether a person reading labels would call this member so."""
        known = {self.id, self.name, self.real_name, self.first_name}
        return name.lstrip("@").casefold() in {word.casefold() for word in known}


PEOPLE = (
    Member(
        id="U01BELLE",
        name="belle",
        real_name="Belle Cooper",
        title="Content writer",
        color="9f69e7",
        email="belle@acme.example",
        tz="Australia/Melbourne",
        tz_label="Australian Eastern Daylight Time",
        tz_offset_seconds=39_600,
    ),
    Member(
        id="U01JOEL",
        name="joel",
        real_name="Joel Park",
        title="CEO",
        color="4bbe2e",
        email="joel@acme.example",
        tz="America/Los_Angeles",
        tz_label="Pacific Standard Time",
        tz_offset_seconds=-28_800,
        is_admin=True,
        is_owner=True,
    ),
    Member(
        id="U01ANDY",
        name="andy",
        real_name="Andy Reyes",
        title="Support",
        color="e7392d",
        email="andy@acme.example",
    ),
    Member(
        id="U01SUNIL",
        name="sunil",
        real_name="Sunil Rao",
        title="Engineer",
        color="3c989f",
        email="sunil@acme.example",
        tz="Asia/Kolkata",
        tz_label="India Standard Time",
        tz_offset_seconds=19_800,
    ),
    Member(
        id="U01CAROLYN",
        name="carolyn",
        real_name="Carolyn Mills",
        title="Operations",
        color="674b1b",
        email="carolyn@acme.example",
        tz="America/New_York",
        tz_label="Eastern Standard Time",
        tz_offset_seconds=-18_000,
    ),
    Member(
        id="U01GUS",
        name="gus",
        real_name="Gus Lind",
        title="Contractor (guest)",
        color="99a949",
        email="gus@partner.example",
        is_guest=True,
    ),
)
"""The cast: five people of differing rights, and a guest."""


def seed_people() -> list[Member]:
    """A copy for each workspace, in which they may change."""
    return [replace(member) for member in PEOPLE]


def seed_slackbot() -> Member:
    return Member(id="USLACKBOT", name="slackbot", real_name="Slackbot", title="", color="757575")


def seed_bot(display_name: str) -> Member:
    return Member(id="U01BOT", name=display_name.lower(), real_name=display_name, title="", color="1d3557", is_bot=True)


def wire_profile(member: Member, *, team_id: str, bot_id: str, app_id: str, show_email: bool) -> Json:
    """https://docs.slack.dev/reference/objects/user-object#profile"""
    image = f"https://avatars.example.com/{member.name}"
    profile: Json = {
        "title": member.title,
        "phone": "",
        "skype": "",
        "real_name": member.real_name,
        "real_name_normalized": member.real_name,
        "display_name": "" if member.is_bot else member.name,
        "display_name_normalized": "" if member.is_bot else member.name,
        "first_name": member.first_name,
        "last_name": member.real_name.partition(" ")[2],
        "status_text": "",
        "status_text_canonical": "",
        "status_emoji": "",
        "status_emoji_display_info": [],
        "status_expiration": 0,
        "avatar_hash": "g" + member.color,
        "team": team_id,
        **{f"image_{size}": f"{image}-{size}.png" for size in (24, 32, 48, 72, 192, 512)},
    }
    if member.is_bot:
        profile |= {"api_app_id": app_id, "bot_id": bot_id, "always_active": True}
    if show_email and member.email:
        profile["email"] = member.email
    return profile


def wire_member(member: Member, *, team_id: str, bot_id: str, app_id: str, show_email: bool) -> Json:
    """https://docs.slack.dev/reference/objects/user-object"""
    person: Json = {
        "id": member.id,
        "team_id": team_id,
        "name": member.name,
        "deleted": member.deleted,
        "profile": wire_profile(member, team_id=team_id, bot_id=bot_id, app_id=app_id, show_email=show_email),
        "is_bot": member.is_bot,
        "is_app_user": False,
        "updated": member.updated,
    }
    if member.deleted:
        return person
    return person | {
        "color": member.color,
        "real_name": member.real_name,
        "tz": member.tz,
        "tz_label": member.tz_label,
        "tz_offset": member.tz_offset_seconds,
        "is_admin": member.is_admin,
        "is_owner": member.is_owner,
        "is_primary_owner": member.is_owner,
        "is_restricted": member.is_guest,
        "is_ultra_restricted": False,
        "is_email_confirmed": member.email is not None,
        "who_can_share_contact_card": "EVERYONE",
    }
