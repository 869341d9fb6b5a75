"""A file that breaks its contract is held: nothing of it is used, and the reason says what to do."""

from __future__ import annotations


class FileHeld(Exception):
    """Why a file can't be landed. Caught in this room: a bad file never ends a night."""
