"""The lock that keeps a second runner off a database."""

import fcntl
import os
from pathlib import Path

from chatops.domain.errors import BadSettings


class RunnerLock:
    """Held by an open file: the kernel lets go of it when the process dies, also by kill -9."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: int | None = None

    def acquire(self) -> None:
        """Raises BadSettings where another runner holds it; never waits."""
        file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(file, 20).decode("ascii", "replace").strip() or "unknown"
            os.close(file)
            raise BadSettings(f"Another chatops is already running on this database (pid {holder}).") from None
        os.ftruncate(file, 0)
        os.pwrite(file, f"{os.getpid()}\n".encode(), 0)
        self._file = file

    def release(self) -> None:
        """The file stays: deleting it would let two runners lock two files of the same name."""
        if self._file is not None:
            os.close(self._file)
            self._file = None
