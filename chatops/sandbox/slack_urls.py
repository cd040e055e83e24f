"""The other addresses Slack hands out: response URLs, upload URLs, files and permalinks."""

import json

from aiohttp import web

from chatops.sandbox.answers import give_by_url
from chatops.sandbox.api.dispatch import hang_up
from chatops.sandbox.parts import Parts

UPLOAD_BYTES_MOST = 50 * 1024 * 1024


class SlackUrls:
    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def add_routes(self, router: web.UrlDispatcher) -> None:
        router.add_post("/response/{key}", self.respond)
        router.add_post("/upload/{id}", self.upload)
        router.add_get("/files/{id}/{name}", self.download)
        router.add_get("/archives/{channel}/{message}", self.permalink)
        router.add_get("/link/", self.link)

    async def link(self, request: web.Request) -> web.StreamResponse:
        if self._parts.faults.take("down", "link") is not None:
            return hang_up(request)
        return await self._parts.socket_mode.handle(request)

    async def respond(self, request: web.Request) -> web.StreamResponse:
        """https://docs.slack.dev/interactivity/handling-user-interaction#message_responses"""
        if self._parts.faults.take("down", "response_url") is not None:
            return hang_up(request)
        url = self._parts.response_urls.find(request.match_info["key"])
        problem = self._parts.response_urls.problem(url)
        if problem is not None or url is None:
            return web.json_response({"ok": False, "error": problem}, status=404)
        try:
            answer = await request.json()
        except json.JSONDecodeError:
            answer = None
        if not isinstance(answer, dict):
            self._parts.violations.add("invalid_arguments", "response_url", "the body is not a JSON object")
            return web.json_response({"ok": False, "error": "invalid_payload"}, status=400)
        problem = give_by_url(self._parts, url, answer)
        if problem is not None:
            return web.json_response({"ok": False, "error": problem}, status=400)
        return web.Response(text="ok")

    async def upload(self, request: web.Request) -> web.StreamResponse:
        """The raw bytes, or a form with one file: both are allowed."""
        upload = self._parts.workspace.uploads.find(request.match_info["id"])
        if upload is None or upload.completed:
            return web.Response(status=404, text="file_not_found")
        if request.content_type == "multipart/form-data":
            form = await request.post()
            part = next((value for value in form.values() if isinstance(value, web.FileField)), None)
            content = part.file.read() if part is not None else b""
        else:
            content = await request.read()
        if len(content) != upload.length:
            return web.Response(status=400, text=f"expected {upload.length} bytes, got {len(content)}")
        upload.content = content
        return web.Response(text=f"OK - {len(content)}")

    async def download(self, request: web.Request) -> web.StreamResponse:
        """For the page, whose people share the file; served as a download so that nothing in it can run here."""
        upload = self._parts.workspace.uploads.find(request.match_info["id"])
        if upload is None or upload.content is None:
            raise web.HTTPNotFound(text="There is no such file.")
        name = "".join(char for char in upload.name if char.isprintable() and char not in '"\\')
        is_image = upload.mimetype in ("image/png", "image/jpeg", "image/gif")
        headers = {
            "Content-Disposition": f'{"inline" if is_image else "attachment"}; filename="{name}"',
            "X-Content-Type-Options": "nosniff",
        }
        return web.Response(body=upload.content, content_type=upload.mimetype, headers=headers)

    async def permalink(self, request: web.Request) -> web.StreamResponse:
        """A link to a message opens the page at its Slack channel."""
        raw = request.match_info["message"].removeprefix("p")
        ts = f"{raw[:-6]}.{raw[-6:]}"
        thread = request.query.get("thread_ts", "")
        raise web.HTTPFound(f"/?channel={request.match_info['channel']}&ts={ts}&thread_ts={thread}")
