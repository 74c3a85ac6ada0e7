"""What the tests of other ways to run Ansible share: a collector with its history, and a site to run things in."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from collector import DEADLINE, Collector, Record

if TYPE_CHECKING:
    from collections.abc import Sequence

# Folder of the programs that are tested; the Python that runs the tests may be another.
BIN = Path(os.environ.get("PLAYBACK_TEST_WAYS", Path(sys.executable).parent))

# One task that changes, one loop, and one that fails on web2 and is skipped on web1: three results a host.
PLAYBOOK = """\
- name: Say
  hosts: web
  gather_facts: false
  tasks:
    - name: Greet
      command: echo hello {{ inventory_hostname }}
    - name: Count
      debug:
        msg: "{{ item }}"
      loop: [one, two]
    - name: Break
      command: "false"
      when: inventory_hostname == 'web2'
"""
RESULTS = sorted(
    [
        ("Greet", "web1", "ok"),
        ("Greet", "web2", "ok"),
        ("Count", "web1", "ok"),
        ("Count", "web2", "ok"),
        ("Break", "web1", "skipped"),
        ("Break", "web2", "failed"),
    ]
)

HOSTS = f"""\
[web]
web1
web2

[all:vars]
ansible_connection=local
ansible_python_interpreter={BIN / "python"}
"""


@dataclass
class Done:
    """A command that has ended, with both of its streams in the order in which they were printed."""

    code: int
    printed: str


class Site:
    """A folder with an inventory and a playbook, whose runs are recorded under a label of its own."""

    def __init__(self, folder: Path, history: Collector) -> None:
        self.folder = folder
        self.history = history
        self.label = f"site-{folder.name}"
        self.home = folder / "home"
        self.home.mkdir()
        self.spool = folder / "spool"
        self.env = {
            "PATH": f"{BIN}:{os.environ['PATH']}",
            "HOME": str(self.home),
            "LANG": "C.UTF-8",
            "ANSIBLE_NOCOWS": "1",
            # By default in the home that the system knows, which is not the test's.
            "ANSIBLE_REMOTE_TEMP": str(folder / "remote"),
            # Into a file, both streams come in the order in which they were written.
            "PYTHONUNBUFFERED": "1",
        }
        self.recorder = {
            "ANSIBLE_CALLBACKS_ENABLED": "playback.history.recorder",
            "ANSIBLE_LOAD_CALLBACK_PLUGINS": "1",
            "PLAYBACK_URL": history.url,
            "PLAYBACK_TOKEN": history.ingest,
            "PLAYBACK_SPOOL_DIR": str(self.spool),
            "PLAYBACK_LABELS": self.label,
        }
        self.write("hosts", HOSTS)
        self.write("site.yml", PLAYBOOK)

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def config(self, name: str = "ansible.cfg") -> Path:
        """The recorder's settings as a file, for where the environment is not the place for them."""
        option = {name.removeprefix("PLAYBACK_").lower(): value for name, value in self.recorder.items()}
        lines = [
            "[defaults]",
            f"callbacks_enabled = {self.recorder['ANSIBLE_CALLBACKS_ENABLED']}",
            "bin_ansible_callbacks = true",
            "[callback_playback]",
            *(f"{key} = {option[key]}" for key in ("url", "token", "spool_dir", "labels")),
        ]
        return self.write(name, "\n".join([*lines, ""]))

    def start(
        self, command: Sequence[str], env: dict[str, str], *, typed: str = "", name: str = "printed"
    ) -> subprocess.Popen[bytes]:
        with (self.folder / name).open("wb") as printed, self.write(f"{name}.typed", typed).open("rb") as stdin:
            return subprocess.Popen(
                command,
                cwd=self.folder,
                env=self.env | env,
                stdin=stdin,
                stdout=printed,
                stderr=subprocess.STDOUT,
            )

    def end(self, process: subprocess.Popen[bytes], name: str = "printed") -> Done:
        try:
            code = process.wait(DEADLINE)
        finally:
            process.kill()
        return Done(code, (self.folder / name).read_bytes().decode())

    def run(self, *command: str, env: dict[str, str] | None = None, typed: str = "") -> Done:
        """Runs a command, recorded by what the environment says unless `env` says otherwise."""
        return self.end(self.start(command, self.recorder if env is None else env, typed=typed))

    def records(self) -> list[Record]:
        return self.history.records(self.label)

    def record(self) -> Record:
        found = self.records()
        assert len(found) == 1, [record.detail for record in found]
        return found[0]


def plain(printed: str) -> str:
    """Without colours and cursor movements, and with a terminal's line ends as plain ones."""
    return re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", printed).replace("\r\n", "\n")


def recap(printed: str) -> dict[str, dict[str, int]]:
    """The last recap that was printed."""
    lines = plain(printed).rpartition("PLAY RECAP")[2].splitlines()
    found = (re.match(r"(\S+)\s+: (ok=\d+ .*\S)", line) for line in lines)
    return {
        line[1]: {name: int(count) for name, count in (pair.split("=") for pair in line[2].split())}
        for line in found
        if line
    }


def is_the_playbook(record: Record, code: int, stats: dict[str, dict[str, int]]) -> None:
    """The record is one of `PLAYBOOK`, complete, and says of it what the tool said."""
    detail = record.detail
    assert detail["type"] == "playbook"
    assert detail["events"]["complete"], detail["events"]
    assert (detail["status"], detail["reason"], detail["exit_code"]) == ("failed", "task_failed", 2)
    assert code == 2
    assert detail["stats"] == stats
    assert detail["stats"]["web2"]["failed"] == 1
    assert record.told == RESULTS
