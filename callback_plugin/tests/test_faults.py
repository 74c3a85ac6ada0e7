"""The playbook comes first: any fault of the recorder only prints one warning."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest
from conftest import also

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import Site

PLAY = "- hosts: web\n  gather_facts: false\n  tasks: [{name: one, raw: 'true'}, {name: two, raw: 'true'}]\n"


def warnings(printed: bytes) -> int:
    return printed.decode().count("[WARNING]: Playback:")


@pytest.mark.parametrize("hook", ["task_start", "ok", also("play_start"), also("start"), also("stats")])
def test_a_panic_turns_the_recorder_off_with_one_warning(site: Site, hook: str) -> None:
    run = site.play(PLAY, env={"PLAYBACK_TEST_PANIC": hook, "PLAYBACK_URL": "http://127.0.0.1:1"})
    assert run.code == 0
    printed = " ".join(run.printed.decode().split())
    assert printed.count("recording is off for the rest of this run") == 1
    assert "panicked" not in printed
    assert printed.count("changed: [web") == 6
    ended = run.one("execution_ended")
    assert (ended["exit_code"], ended["dropped"]) == (0, 1)


def test_a_native_module_that_cannot_be_loaded(site: Site) -> None:
    site.write("broken/ansible_playback/__init__.py", "raise ImportError('no such library')\n")
    run = site.play(PLAY, env={"PYTHONPATH": str(site.folder / "broken")})
    assert run.code == 0
    assert warnings(run.printed) == 1
    assert run.events == []


def test_a_spool_folder_that_cannot_be_used(site: Site) -> None:
    run = site.play(PLAY, env={"PLAYBACK_SPOOL_DIR": "/dev/null/spool", "PLAYBACK_URL": "http://127.0.0.1:1"})
    assert run.code == 0
    assert b"/dev/null/spool cannot be used" in b" ".join(run.printed.split())
    spool = site.folder / ".local/state/playback/spool"
    assert len(list(spool.glob("*.ndjson"))) == 1
    assert spool.stat().st_mode & 0o077 == 0


def elsewhere(site: Site, temporary: Path | str) -> dict[str, str]:
    """A read-only home, except for the folders that Ansible itself needs."""
    return {
        "HOME": "/dev/null",
        "XDG_STATE_HOME": "/dev/null",
        "TMPDIR": str(temporary),
        "PLAYBACK_SPOOL_DIR": "",
        "ANSIBLE_HOME": str(site.folder / "ansible"),
        "ANSIBLE_LOCAL_TEMP": str(site.folder / "ansible/tmp"),
        "ANSIBLE_REMOTE_TEMP": str(site.folder / "ansible/remote"),
    }


@pytest.fixture
def temporary() -> Iterator[Path]:
    """A folder for temporary files. Its path is short: sockets that Ansible makes there allow about a hundred bytes."""
    with TemporaryDirectory(prefix="playback-") as folder:
        yield Path(folder)


DEBUG = "- hosts: web\n  gather_facts: false\n  tasks: [{debug: }]\n"


def test_a_home_that_cannot_be_used(site: Site, temporary: Path) -> None:
    run = site.play(DEBUG, env=elsewhere(site, temporary))
    assert run.code == 0, run.printed.decode()
    (spool,) = temporary.glob("playback-spool-*")
    assert spool.stat().st_mode & 0o777 == 0o700
    assert len(list(spool.glob("*.ndjson"))) == 1


def test_no_folder_at_all(site: Site, temporary: Path) -> None:
    # The path of the user's private folder is taken by something else.
    for uid in {Path("/proc/self").stat().st_uid}:
        (temporary / f"playback-spool-{uid}").symlink_to("/")
    run = site.play(DEBUG, env=elsewhere(site, temporary))
    assert run.code == 0, run.printed.decode()
    assert b"kept in memory" in b" ".join(run.printed.split())


def test_a_full_spool(site: Site) -> None:
    run = site.play(
        "- hosts: web1\n  gather_facts: false\n  tasks:\n"
        '    - {name: many, debug: {msg: "{{ \'x\' * 100000 }}"}, loop: "{{ range(30) | list }}"}\n',
        env={"PLAYBACK_SPOOL_MAX_MB": "1"},
    )
    assert run.code == 0
    assert run.printed.count(b"(item=") == 30
    ended = run.one("execution_ended")
    assert ended["exit_code"] == 0
    assert ended["dropped"] > 10
    assert run.of("stats")
    told = sum(dropped["events"] for dropped in run.of("dropped"))
    assert 0 < told <= ended["dropped"]


def test_a_second_loading_is_ignored(site: Site) -> None:
    from ansible_collections.playback.history.plugins.callback import (  # type: ignore[import-not-found,unused-ignore]
        recorder,
    )

    (site.folder / "callback_plugins").mkdir()
    site.write("callback_plugins/twin.py", Path(recorder.__file__).read_text(encoding="utf-8"))
    run = site.play(PLAY, env={"ANSIBLE_CALLBACKS_ENABLED": "playback.history.recorder,twin"})
    assert run.code == 0
    assert len(site.spools()) == 1
    assert len(run.of("result")) == 6


def test_the_time_of_hooks_is_measured_on_demand(site: Site) -> None:
    import json

    file = site.folder / "hooks.json"
    site.play(PLAY, env={"PLAYBACK_HOOK_STATS": str(file)})
    hooks = json.loads(file.read_text())
    assert hooks["ok"]["count"] == 6
    assert 0 < hooks["ok"]["p50_ns"] <= hooks["ok"]["max_ns"]


FORKING_CALLBACK = """
import ctypes, gc, os, sys
from ansible.plugins.callback import CallbackBase

DOCUMENTATION = "{name: forking, type: notification, short_description: forks, description: [forks]}"


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "forking"
    CALLBACK_NEEDS_ENABLED = True

    def v2_runner_on_ok(self, result):
        from ansible_playback import _native
        recorder = next(found for found in gc.get_objects() if isinstance(found, _native.Recorder))
        sys.stdout.flush()
        child = os.fork()
        if child == 0:
            _native.dispatch_begins()
            recorder.ok(result)
            recorder.start(result._host, result._task)
            assert recorder.failed.__name__ == "failed" and recorder.__doc__
            sys.stdout.write("in the child\\n")
            _native.dispatch_ends()
            assert not _native.is_waiting() and _native.end(exit_code=1) is None
            del recorder
            gc.collect()
            sys.stdout.flush()
            ctypes.CDLL(None).exit(0)
        status = os.waitpid(child, 0)[1]
        print(f"the child ended with {status}")
"""


def test_a_child_does_nothing_and_ends_as_it_should(site: Site) -> None:
    """A child's copy of the recorder's memory is empty, so no code that a child can reach may depend on it."""
    site.write("callbacks/forking.py", FORKING_CALLBACK)
    env = {
        "ANSIBLE_CALLBACK_PLUGINS": str(site.folder / "callbacks"),
        "ANSIBLE_CALLBACKS_ENABLED": "playback.history.recorder,forking",
    }
    run = site.play(PLAY, env=env)
    assert run.code == 0
    assert run.printed.count(b"the child ended with 0\n") == 6
    assert run.printed.count(b"in the child\n") == 6
    assert len(run.of("result")) == 6
    # Its output is recorded like a worker's.
    assert run.text.count("in the child\n") == 6
    assert run.one("execution_ended")["exit_code"] == 0
