"""A program of its own that presses and types at the bot, and measures how soon each request is acknowledged.

`python -m tests.e2e.probe URL SECRET EVERY_SECONDS < requests > seconds`: a request a line as JSON `[body, type]`; of
each one line with its seconds, or `-` where nobody answered. In the tests' process the sandbox would be measured too.
"""

import http.client
import json
import sys
import time
from urllib.parse import urlsplit

from chatops.sandbox.http_transport import sign

PATIENCE_SECONDS = 3


def probe(url: str, secret: str, body: str, content_type: str) -> float | None:
    """Seconds until the answer; None where there is none."""
    parts, timestamp = urlsplit(url), int(time.time())
    headers = {
        "Content-Type": content_type,
        "X-Slack-Request-Timestamp": str(timestamp),
        "X-Slack-Signature": sign(secret, timestamp, body),
    }
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=PATIENCE_SECONDS)
    try:
        connection.connect()
        began = time.perf_counter()
        connection.request("POST", "/slack/events", body=body.encode(), headers=headers)
        answer = connection.getresponse()
        answer.read()
        return time.perf_counter() - began if answer.status == 200 else None
    except OSError:
        return None
    finally:
        connection.close()


def main() -> None:
    url, secret, every_seconds = sys.argv[1], sys.argv[2], float(sys.argv[3])
    for line in sys.stdin:
        body, content_type = json.loads(line)
        seconds = probe(url, secret, body, content_type)
        print("-" if seconds is None else f"{seconds:.6f}", flush=True)  # noqa: T201
        time.sleep(every_seconds)


if __name__ == "__main__":
    main()
