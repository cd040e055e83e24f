"""The mailbox's pages: a list, a letter, and the same as JSON. Nothing in a letter can run or load anything."""

from datetime import UTC, datetime
from html import escape
from json import JSONDecodeError

from aiohttp import web

from chatops.sandbox.mailbox.customers import write_letter
from chatops.sandbox.mailbox.letters import Letter, Letters
from chatops.sandbox.wire import Refused

# Mail is other people's HTML: no scripts, no frames but our own srcdoc, nothing loaded from elsewhere.
SAFETY = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-src 'self'; form-action 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}

STYLE = """
body{font:15px/1.5 system-ui,sans-serif;color:#1d1c1d;background:#f6f5f3;margin:0}
main{max-width:52rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.3rem;margin:0 0 1rem}a{color:#1264a3;text-decoration:none}a:hover{text-decoration:underline}
ul{list-style:none;margin:0;padding:0;background:#fff;border:1px solid #ddd;border-radius:8px;overflow:hidden}
li+li{border-top:1px solid #eee}li a{display:block;padding:.7rem 1rem;color:inherit}
li a:hover{background:#f3f8fc;text-decoration:none}
.meta{color:#616061;font-size:.85rem}article{background:#fff;border:1px solid #ddd;border-radius:8px;padding:1.2rem}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.1rem .8rem;margin:0 0 1rem;font-size:.9rem}
dt{color:#616061}dd{margin:0;overflow-wrap:anywhere}pre{white-space:pre-wrap;overflow-wrap:anywhere;font:inherit}
iframe{width:100%;height:30rem;border:1px solid #ddd;border-radius:6px;background:#fff}
details{margin-top:1rem}.empty{padding:2rem;text-align:center;color:#616061}
"""


class MailboxPages:
    def __init__(self, letters: Letters) -> None:
        self._letters = letters

    def add_routes(self, router: web.UrlDispatcher) -> None:
        router.add_get("/mailbox", self.list)
        router.add_get("/mailbox/", self.list)
        router.add_get("/mailbox/messages", self.list_json)
        router.add_post("/mailbox/messages", self.write)
        router.add_get("/mailbox/messages/{id}", self.show)
        router.add_post("/mailbox/messages/{id}/reply", self.reply)
        router.add_get("/mailbox/messages/{id}/raw", self.raw)

    def _letter(self, request: web.Request) -> Letter:
        letter = self._letters.find(request.match_info["id"])
        if letter is None:
            raise web.HTTPNotFound(text="There is no such letter.")
        return letter

    async def list(self, request: web.Request) -> web.Response:
        del request
        return _page("Mailbox", _list_html(self._letters.newest_first()))

    async def list_json(self, request: web.Request) -> web.Response:
        del request
        return web.json_response({"messages": [letter.wire() for letter in self._letters.newest_first()]})

    async def show(self, request: web.Request) -> web.Response:
        letter = self._letter(request)
        return _page(letter.subject or "(no subject)", _letter_html(letter))

    async def write(self, request: web.Request) -> web.Response:
        """A customer's own letter: {from, to, subject, text}."""
        return await self._write(request, None)

    async def reply(self, request: web.Request) -> web.Response:
        """A customer's answer to this letter: {from, text}; from is who got it where it is left out."""
        return await self._write(request, self._letter(request))

    async def _write(self, request: web.Request, answered: Letter | None) -> web.Response:
        # Only JSON is taken, so that no form on another site can write here.
        if request.content_type != "application/json":
            return web.json_response({"ok": False, "error": "Send JSON."}, status=415)
        try:
            wish = await request.json()
            letter = write_letter(self._letters, wish if isinstance(wish, dict) else {}, answered)
        except JSONDecodeError:
            return web.json_response({"ok": False, "error": "That is not JSON."}, status=400)
        except Refused as refusal:
            return web.json_response({"ok": False, "error": str(refusal)})
        return web.json_response({"ok": True, "id": letter.id, "message_id": letter.message_id})

    async def raw(self, request: web.Request) -> web.Response:
        letter = self._letter(request)
        return web.Response(body=letter.raw, content_type="text/plain", charset="utf-8", headers=SAFETY)


def _page(title: str, body: str) -> web.Response:
    document = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style></head>'
        f"<body><main>{body}</main></body></html>"
    )
    return web.Response(text=document, content_type="text/html", headers=SAFETY)


def _list_html(letters: list[Letter]) -> str:
    if not letters:
        return '<h1>Mailbox</h1><ul><li class="empty">No mail yet. Whatever the app sends shows here.</li></ul>'
    rows = "".join(
        f'<li><a href="/mailbox/messages/{escape(letter.id)}"><strong>{_subject(letter)}</strong>'
        f'<div class="meta">{escape(letter.sender)} → {escape(_recipients(letter))} · {_when(letter)}</div></a></li>'
        for letter in letters
    )
    return f"<h1>Mailbox <span class='meta'>{len(letters)}</span></h1><ul>{rows}</ul>"


def _letter_html(letter: Letter) -> str:
    facts = {
        "From": letter.sender,
        "To": _recipients(letter),
        "Date": letter.date or _when(letter),
        "Message-ID": letter.message_id,
    }
    if letter.in_reply_to:
        facts["In-Reply-To"] = letter.in_reply_to
    rows = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in facts.items())
    headers = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in letter.headers)
    html = ""
    if letter.html is not None:
        frame = f'<iframe sandbox="" title="HTML part" srcdoc="{escape(letter.html)}"></iframe>'
        html = f'<h2 class="meta">HTML part</h2>{frame}'
    return (
        f'<p><a href="/mailbox">← Mailbox</a></p><article><h1>{_subject(letter)}</h1>'
        f"<dl>{rows}</dl><pre>{escape(letter.text)}</pre>{html}"
        f"<details><summary>All headers</summary><dl>{headers}</dl></details>"
        f'<p><a href="/mailbox/messages/{escape(letter.id)}/raw">Raw</a></p></article>'
    )


def _subject(letter: Letter) -> str:
    return escape(letter.subject or "(no subject)")


def _recipients(letter: Letter) -> str:
    shown = ", ".join(letter.recipients[:3])
    return shown if len(letter.recipients) <= 3 else f"{shown} and {len(letter.recipients) - 3} more"


def _when(letter: Letter) -> str:
    return datetime.fromtimestamp(letter.received_at, UTC).strftime("%d %b %Y, %H:%M:%S UTC")
