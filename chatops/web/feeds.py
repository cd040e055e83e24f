"""Atom feeds: one entry per incident, and one per update for readers that show an entry only once."""

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

from chatops.usecases.page_reading import EPOCH, PublicIncident, PublicUpdate
from chatops.usecases.ports import Desk
from chatops.web.page import word_change, word_machine_time
from chatops.web.words import render_words

ATOM = "http://www.w3.org/2005/Atom"
UPDATE_ENTRIES = 50
# What XML 1.0 cannot hold, https://www.w3.org/TR/xml/#charsets.
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render_history_feed(incidents: Sequence[PublicIncident], desk: Desk) -> str:
    feed = _build_feed(incidents, desk, path="/history.atom", title=f"{desk.team} status: incidents")
    for incident in sorted(incidents, key=lambda each: each.updated_at, reverse=True):
        content = "".join(_render_update(update) for update in incident.updates)
        _add_entry(
            feed,
            id_=f"{_tag(desk)}:Incident/{incident.number}",
            title=incident.title,
            link=_url(desk, f"/incidents/{incident.name}"),
            published=incident.started_at,
            updated=incident.updated_at,
            content=content,
        )
    return _write(feed)


def render_update_feed(incidents: Sequence[PublicIncident], desk: Desk) -> str:
    feed = _build_feed(incidents, desk, path="/updates.atom", title=f"{desk.team} status: updates")
    pairs = [(update, incident) for incident in incidents for update in incident.updates]
    pairs.sort(key=lambda pair: pair[0].at, reverse=True)
    for update, incident in pairs[:UPDATE_ENTRIES]:
        _add_entry(
            feed,
            id_=f"{_tag(desk)}:Incident/{incident.number}/Update/{update.number}",
            title=f"{update.status.value.capitalize()}: {incident.title}",
            link=_url(desk, f"/incidents/{incident.name}#update-{update.number}"),
            published=update.at,
            updated=update.changed_at,
            content=f"{render_words(update.text)}{_mark(update)}",
        )
    return _write(feed)


def _build_feed(incidents: Iterable[PublicIncident], desk: Desk, *, path: str, title: str) -> ET.Element:
    feed = ET.Element("feed", {"xmlns": ATOM, "xml:lang": "en"})
    _add(feed, "id", f"{_tag(desk)}:{path}")
    _add(feed, "title", title)
    ET.SubElement(feed, "link", rel="alternate", type="text/html", href=_url(desk, "/"))
    ET.SubElement(feed, "link", rel="self", type="application/atom+xml", href=_url(desk, path))
    _add(feed, "updated", word_machine_time(max((each.updated_at for each in incidents), default=EPOCH)))
    author = ET.SubElement(feed, "author")
    _add(author, "name", desk.team)
    return feed


def _add_entry(
    feed: ET.Element, *, id_: str, title: str, link: str, published: datetime, updated: datetime, content: str
) -> None:
    entry = ET.SubElement(feed, "entry")
    _add(entry, "id", id_)
    _add(entry, "title", title)
    ET.SubElement(entry, "link", rel="alternate", type="text/html", href=link)
    _add(entry, "published", word_machine_time(published))
    _add(entry, "updated", word_machine_time(updated))
    _add(entry, "content", content, type="html")


def _render_update(update: PublicUpdate) -> str:
    """Statuspage's shape: small date, bold status, the words."""
    at = update.at.astimezone(UTC)
    return (
        f"<p><small>{at:%b} <var data-var='date'>{at.day}</var>, <var data-var='time'>{at:%H:%M}</var> UTC</small><br>"
        f"<strong>{update.status.value.capitalize()}</strong></p>{render_words(update.text)}"
        f"{_mark(update)}"
    )


def _mark(update: PublicUpdate) -> str:
    mark = word_change(update)
    return f"<p><small>{mark}</small></p>" if mark else ""


def _add(parent: ET.Element, name: str, text: str, **attributes: str) -> None:
    ET.SubElement(parent, name, attributes).text = _NOT_XML.sub("\ufffd", text)


def _write(feed: ET.Element) -> str:
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(feed, encoding="unicode")}\n'


def _url(desk: Desk, path: str) -> str:
    """Without a public address links stay relative; never the request's Host, which anybody can choose."""
    return f"{desk.public_url.rstrip('/')}{path}" if desk.public_url else path


def _tag(desk: Desk) -> str:
    return f"tag:{urlsplit(desk.public_url or '').hostname or 'localhost'},2005"
