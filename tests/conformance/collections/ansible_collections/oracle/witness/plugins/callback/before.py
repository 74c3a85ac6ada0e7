"""A witness of a run that shares nothing with the recorder: each hook as Ansible calls it, one line of JSON.

It is called before the recorder, and its counterpart `after` is called after it. Hooks are called one after the other,
so the recorder's times must be between the times of these two.
"""

from __future__ import annotations

DOCUMENTATION = """
name: before
type: notification
short_description: writes down what Ansible tells its callbacks
description:
  - Writes every hook into the file that E(CONFORMANCE_WITNESS) names.
"""

import json
import os
import sys
import time
from collections.abc import Mapping, Sequence, Set
from typing import Any

from ansible import context
from ansible.plugins.callback import CallbackBase


def plain(value: Any) -> Any:  # whatever a module returned
    """Only what JSON knows; whatever else there is by the name of its type."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value)
    if isinstance(value, Mapping):
        return {key_text(key): plain(entry) for key, entry in value.items()}
    if isinstance(value, (Sequence, Set)) and not isinstance(value, (bytes, bytearray)):
        return [plain(entry) for entry in value]
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return f"<{type(value).__name__}>"


def key_text(key: Any) -> str:  # YAML allows any scalar
    if isinstance(key, str):
        return str.__str__(key)
    return key.isoformat() if hasattr(key, "isoformat") else json.dumps(key)


class Journal(CallbackBase):  # type: ignore[misc]  # ansible-core has no types
    """Writes lines; each is one `write`, so that a killed run leaves whole lines."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # Ansible's signature varies
        super().__init__(*args, **kwargs)
        self._pid = os.getpid()
        self._fd = os.open(os.environ["CONFORMANCE_WITNESS"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def note(self, hook: str, **data: Any) -> None:  # whatever there is to note
        if os.getpid() == self._pid:
            line = {"hook": hook, "at": time.time_ns() // 1000, **data}
            os.write(self._fd, json.dumps(line).encode() + b"\n")


def about_task(task: Any) -> dict[str, Any]:  # ansible-core has no types
    role = task._role.get_name() if task._role else ""
    return {
        "uuid": str(task._uuid),
        "name": plain(task.name),
        "shown": plain(task.get_name()),
        "action": plain(task.action),
        "path": plain(task.get_path()),
        "role": plain(role),
        "tags": [plain(tag) for tag in task.tags],
        "no_log": None if task.no_log is None else plain(task.no_log),
    }


class CallbackModule(Journal):
    """The hooks, one line each."""

    CALLBACK_NAME = "oracle.witness.before"

    def set_options(self, *args: Any, **kwargs: Any) -> None:  # Ansible's signature varies
        """The last moment before the recorder is set up: how much was printed until now?"""
        super().set_options(*args, **kwargs)
        sys.stdout.flush()
        try:
            printed = os.lseek(1, 0, os.SEEK_CUR)
        except OSError:
            printed = None
        self.note("loaded", pid=self._pid, printed=printed, cli=plain(context.CLIARGS))

    def about(self, hook: str, result: Any, **data: Any) -> None:  # ansible-core has no types
        # Since 2.19 `result` is the documented name.
        returned = result.result if hasattr(result, "result") else result._result
        fields = result._task_fields
        self.note(
            hook,
            host=plain(result._host.name),
            task=str(result._task._uuid),
            action=plain(result._task.action),
            returned=plain(returned),
            delegate_to=plain(result._task.delegate_to),
            delegate_facts=bool(result._task.delegate_facts),
            ignore_unreachable=bool(fields.get("ignore_unreachable")),
            **data,
        )

    def v2_playbook_on_play_start(self, play: Any) -> None:
        name = play.get_name().strip()
        self.note("play", name=plain(name), hosts=plain(play.hosts), strategy=plain(play.strategy))

    def v2_playbook_on_task_start(self, task: Any, is_conditional: bool) -> None:
        self.note("task", handler=False, **about_task(task))

    def v2_playbook_on_handler_task_start(self, task: Any) -> None:
        self.note("task", handler=True, **about_task(task))

    def v2_playbook_on_include(self, included_file: Any) -> None:
        self.note(
            "include",
            path=plain(included_file._filename),
            hosts=[plain(host.name) for host in included_file._hosts],
        )

    def v2_playbook_on_notify(self, handler: Any, host: Any) -> None:
        self.note("notify", handler=plain(handler.get_name()), host=plain(host.name))

    def v2_playbook_on_stats(self, stats: Any) -> None:
        hosts = {plain(host): plain(stats.summarize(host)) for host in stats.processed}
        self.note("stats", hosts=hosts)

    def v2_runner_on_start(self, host: Any, task: Any) -> None:
        self.note("start", host=plain(host.name), **about_task(task))

    def v2_runner_on_ok(self, result: Any) -> None:
        self.about("ok", result)

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool | None = False) -> None:
        self.about("failed", result, ignored=bool(ignore_errors))

    def v2_runner_on_skipped(self, result: Any) -> None:
        self.about("skipped", result)

    def v2_runner_on_unreachable(self, result: Any) -> None:
        self.about("unreachable", result)

    def v2_runner_item_on_ok(self, result: Any) -> None:
        self.about("item_ok", result)

    def v2_runner_item_on_failed(self, result: Any) -> None:
        self.about("item_failed", result)

    def v2_runner_item_on_skipped(self, result: Any) -> None:
        self.about("item_skipped", result)

    def v2_runner_retry(self, result: Any) -> None:
        self.about("retry", result)

    def v2_runner_on_async_poll(self, result: Any) -> None:
        self.about("async_poll", result)

    def v2_runner_on_async_ok(self, result: Any) -> None:
        self.about("async_ok", result)

    def v2_runner_on_async_failed(self, result: Any) -> None:
        self.about("async_failed", result)
