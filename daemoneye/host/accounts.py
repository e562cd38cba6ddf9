"""Accounts and groups of this host as numbers. A question may go out to a directory service, and wait for it."""

from __future__ import annotations

import grp
import pwd


def user_id(name_or_number: str) -> int | None:
    """``None``: there is no such account. A number needs none."""
    if name_or_number.isdigit():
        return int(name_or_number)
    try:
        return pwd.getpwnam(name_or_number).pw_uid
    except (KeyError, OSError):  # OSError: the directory service does not answer
        return None


def group_id(name_or_number: str) -> int | None:
    if name_or_number.isdigit():
        return int(name_or_number)
    try:
        return grp.getgrnam(name_or_number).gr_gid
    except (KeyError, OSError):
        return None
