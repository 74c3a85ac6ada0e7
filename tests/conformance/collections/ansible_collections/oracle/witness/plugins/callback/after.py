"""The witness behind the recorder: only when each hook was over."""

from __future__ import annotations

DOCUMENTATION = """
name: after
type: notification
short_description: writes down when a hook reached the last callback
description:
  - Writes the time of every hook into the file that E(CONFORMANCE_WITNESS) names.
"""

from typing import Any

from ansible_collections.oracle.witness.plugins.callback.before import Journal


class CallbackModule(Journal):
    """The same hooks, without what they tell."""

    CALLBACK_NAME = "oracle.witness.after"

    def over(self, *args: Any, **kwargs: Any) -> None:  # any hook's
        self.note("after")


for name in (
    "v2_playbook_on_play_start",
    "v2_playbook_on_task_start",
    "v2_playbook_on_handler_task_start",
    "v2_playbook_on_include",
    "v2_playbook_on_notify",
    "v2_playbook_on_stats",
    "v2_runner_on_start",
    "v2_runner_on_ok",
    "v2_runner_on_failed",
    "v2_runner_on_skipped",
    "v2_runner_on_unreachable",
    "v2_runner_item_on_ok",
    "v2_runner_item_on_failed",
    "v2_runner_item_on_skipped",
    "v2_runner_retry",
    "v2_runner_on_async_poll",
    "v2_runner_on_async_ok",
    "v2_runner_on_async_failed",
):
    setattr(CallbackModule, name, CallbackModule.over)
