"""Content ids of Bluesky's records: CIDv1, DAG-CBOR, SHA-256. https://atproto.com/specs/data-model"""

import base64
import hashlib

from chatops.sandbox.wire import Json

DAG_CBOR_SHA256 = b"\x01\x71\x12\x20"
LINK_TAG = b"\xd8\x2a"


class NotEncodable(Exception):
    """Not in the data model: a float, for one."""


def make_cid(record: Json) -> str:
    return _to_text(DAG_CBOR_SHA256 + hashlib.sha256(encode(record)).digest())


def _to_text(cid: bytes) -> str:
    return "b" + base64.b32encode(cid).decode().lower().rstrip("=")


def parse_cid(text: str) -> bytes:
    if not text.startswith("b"):
        raise NotEncodable("not a CID in base32")
    body = text[1:].upper()
    try:
        return base64.b32decode(body + "=" * (-len(body) % 8))
    except ValueError as error:
        raise NotEncodable("not a CID in base32") from error


def encode(value: object) -> bytes:
    """https://ipld.io/specs/codecs/dag-cbor/spec/: shortest lengths, keys by length and then by bytes, no floats."""
    if value is None or isinstance(value, bool):
        return {None: b"\xf6", True: b"\xf5", False: b"\xf4"}[value]
    if isinstance(value, int):
        return _head(0, value) if value >= 0 else _head(1, -1 - value)
    if isinstance(value, bytes):
        return _head(2, len(value)) + value
    if isinstance(value, str):
        data = value.encode()
        return _head(3, len(data)) + data
    if isinstance(value, list):
        return _head(4, len(value)) + b"".join(encode(item) for item in value)
    if isinstance(value, dict):
        return _encode_map(value)
    raise NotEncodable(f"{type(value).__name__} is not in the data model")


def _encode_map(value: Json) -> bytes:
    if set(value) == {"$link"}:
        return LINK_TAG + encode(b"\x00" + parse_cid(str(value["$link"])))
    if set(value) == {"$bytes"}:
        text = str(value["$bytes"])
        return encode(base64.b64decode(text + "=" * (-len(text) % 4)))
    keys = sorted(value, key=lambda key: (len(key.encode()), key.encode()))
    return _head(5, len(keys)) + b"".join(encode(key) + encode(value[key]) for key in keys)


def _head(kind: int, number: int) -> bytes:
    if number < 24:
        return bytes([kind << 5 | number])
    for size, code in ((1, 24), (2, 25), (4, 26), (8, 27)):
        if number < 1 << (8 * size):
            return bytes([kind << 5 | code]) + number.to_bytes(size, "big")
    raise NotEncodable("a number of more than 64 bits")
