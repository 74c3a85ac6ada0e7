"""Playback's recorder: the package beside the callback plugin `playback.history.recorder`."""

from ansible_playback._native import __version__

__all__ = ["__version__"]
