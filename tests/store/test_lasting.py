"""A disk that does not last is noticed."""

from pathlib import Path

from chatops.store.lasting import FLEETING, find_disk_warning, find_filesystem

MOUNTS = """overlay / overlay rw 0 0
/dev/sda1 /data ext4 rw 0 0
tmpfs /data/my\\040cache tmpfs rw 0 0
broken
"""


def test_the_longest_mount_point_above_the_file_counts() -> None:
    assert find_filesystem(Path("/srv/chatops.db"), MOUNTS) == "overlay"
    assert find_filesystem(Path("/data/chatops.db"), MOUNTS) == "ext4"
    assert find_filesystem(Path("/data/my cache/chatops.db"), MOUNTS) == "tmpfs"
    assert find_filesystem(Path("/datastore/chatops.db"), MOUNTS) == "overlay"
    assert find_filesystem(Path("/x"), "") is None


def test_the_warning_names_what_to_do(tmp_path: Path) -> None:
    warning = find_disk_warning(tmp_path / "chatops.db")
    assert warning is None or ("DATABASE_URL" in warning and any(kind in warning for kind in FLEETING))
