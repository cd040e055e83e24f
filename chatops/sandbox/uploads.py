"""Files: announced, uploaded to their URL, then completed and shared."""

import mimetypes
import time
from dataclasses import dataclass, field

from chatops.sandbox.wire import Clock, Json, new_id


@dataclass(kw_only=True)
class Upload:
    id: str
    name: str
    length: int
    created: int
    member_id: str
    title: str = ""
    content: bytes | None = None
    completed: bool = False
    channel_ids: list[str] = field(default_factory=list)

    @property
    def mimetype(self) -> str:
        return mimetypes.guess_type(self.name)[0] or "application/octet-stream"


class Uploads:
    def __init__(self, clock: Clock = time.time) -> None:
        self._clock = clock
        self._by_id: dict[str, Upload] = {}

    def announce(self, name: str, length: int, member_id: str) -> Upload:
        upload = Upload(
            id=new_id("F"), name=name, length=length, created=int(self._clock()), member_id=member_id, title=name
        )
        self._by_id[upload.id] = upload
        return upload

    def find(self, file_id: str) -> Upload | None:
        return self._by_id.get(file_id)


def wire_file(upload: Upload, base_url: str) -> Json:
    """https://docs.slack.dev/reference/objects/file-object"""
    filetype = upload.name.rpartition(".")[2].lower() if "." in upload.name else "text"
    url = f"{base_url}/files/{upload.id}/{upload.name}"
    return {
        "id": upload.id,
        "created": upload.created,
        "timestamp": upload.created,
        "name": upload.name,
        "title": upload.title,
        "mimetype": upload.mimetype,
        "filetype": filetype,
        "pretty_type": filetype.upper(),
        "user": upload.member_id,
        "editable": False,
        "size": len(upload.content or b""),
        "mode": "hosted",
        "is_external": False,
        "external_type": "",
        "is_public": True,
        "public_url_shared": False,
        "display_as_bot": False,
        "username": "",
        "url_private": url,
        "url_private_download": url,
        "url": url,
        "permalink": url,
        "channels": list(upload.channel_ids),
        "groups": [],
        "ims": [],
        "comments_count": 0,
    }
