"""files.* for uploads: https://docs.slack.dev/messaging/working-with-files#uploading_files"""

from chatops.sandbox.api.call import ApiError, Call
from chatops.sandbox.channels import Channel
from chatops.sandbox.messages import Message
from chatops.sandbox.uploads import Upload, wire_file
from chatops.sandbox.wire import Json


def get_upload_url(call: Call) -> Json:
    length = int(call.text("length"))
    if length <= 0:
        raise ApiError("missing_argument")
    upload = call.workspace.uploads.announce(call.text("filename"), length, call.bot_id)
    return {"ok": True, "upload_url": f"{call.workspace.base_url}/upload/{upload.id}", "file_id": upload.id}


def complete_upload(call: Call) -> Json:
    uploads = _read_uploads(call)
    channels = _read_channels(call)
    for upload in uploads:
        upload.completed = True
        upload.channel_ids += [channel.id for channel in channels]
    wires = [wire_file(upload, call.workspace.base_url) for upload in uploads]
    for channel in channels:
        _share(call, channel, wires)
    return {"ok": True, "files": wires}


def _read_uploads(call: Call) -> list[Upload]:
    given = call.structure("files")
    if not isinstance(given, list) or not given:
        raise ApiError("file_not_found")
    found = []
    for entry in given:
        upload = call.workspace.uploads.find(str(entry.get("id", ""))) if isinstance(entry, dict) else None
        if upload is None or upload.content is None or upload.completed:
            raise ApiError("file_not_found")
        upload.title = str(entry.get("title") or upload.name)
        found.append(upload)
    return found


def _read_channels(call: Call) -> list[Channel]:
    names = [call.text("channel_id")] if call.text("channel_id") else call.names("channels")
    channels = []
    for name in names:
        channel = call.workspace.channels.get(name)
        if channel is None or not call.workspace.may_see(channel, call.bot_id):
            raise ApiError("channel_not_found")
        if not channel.has(call.bot_id):
            raise ApiError("not_in_channel")
        channels.append(channel)
    return channels


def _share(call: Call, channel: Channel, files: list[Json]) -> None:
    note = Message(
        ts="",
        member_id=call.bot_id,
        text=call.text("initial_comment"),
        thread_ts=call.text("thread_ts") or None,
        subtype="file_share",
        by_app=True,
        files=files,
    )
    call.workspace.post(channel, note)


def info(call: Call) -> Json:
    upload = call.workspace.uploads.find(call.text("file"))
    if upload is None or not upload.completed:
        raise ApiError("file_not_found")
    paging = {"count": 100, "total": 0, "page": 1, "pages": 0}
    return {"ok": True, "file": wire_file(upload, call.workspace.base_url), "comments": [], "paging": paging}
