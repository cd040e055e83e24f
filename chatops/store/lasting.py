"""Whether the disk under a SQLite file outlives the machine: containers and memory disks do not."""

from pathlib import Path

MOUNTS = Path("/proc/mounts")
FLEETING = {"tmpfs", "ramfs", "overlay", "overlayfs", "aufs"}
"""Gone with the machine or the container: https://man7.org/linux/man-pages/man5/proc_pid_mounts.5.html"""


def find_disk_warning(database: Path) -> str | None:
    """A sentence for the operator, or None where the disk lasts or nothing can be known of it."""
    if not MOUNTS.exists():
        return None
    kind = find_filesystem(database.resolve(), MOUNTS.read_text(encoding="utf-8", errors="replace"))
    if kind not in FLEETING:
        return None
    return (
        f"The database stands on a disk that does not last ({kind}): with the container or machine the log is gone. "
        "Put it on a volume, and name it in DATABASE_URL."
    )


def find_filesystem(path: Path, mounts: str) -> str | None:
    """The type of the file system that `path` stands on: that of the longest mount point above it."""
    found: tuple[int, str] | None = None
    for line in mounts.splitlines():
        fields = line.split(" ")
        if len(fields) < 3:
            continue
        point = Path(fields[1].replace("\\040", " "))
        if path.is_relative_to(point) and (found is None or len(point.parts) >= found[0]):
            found = (len(point.parts), fields[2])
    return found[1] if found else None
