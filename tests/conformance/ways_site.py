"""What the tests of other ways to run Ansible share: a collector with its history, and a site to run things in."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).resolve().parents[2]
# Folder of the programs that are tested; the Python that runs the tests may be another.
BIN = Path(os.environ.get("PLAYBACK_TEST_WAYS", Path(sys.executable).parent))
# A bound on faults, not a speed test: the machine may be busy.
DEADLINE = 180.0

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


def playback() -> Path:
    """The command line under test."""
    built = [ROOT / "target" / kind / "playback" for kind in ("debug", "release")]
    given = os.environ.get("PLAYBACK_BIN")
    found = [Path(given)] if given else [path for path in built if path.exists()]
    assert found, "no playback is built, and PLAYBACK_BIN names none"
    return found[0].resolve()


@dataclass
class Record:
    """An execution that is over, with its parts."""

    detail: dict[str, Any]
    results: list[dict[str, Any]]
    output: str

    @property
    def told(self) -> list[tuple[str, str, str]]:
        """Task, host and status of each result."""
        return sorted((result["task_name"], result["host"], result["status"]) for result in self.results)


class History:
    """`playback serve` on a free port, with a database of its own."""

    def __init__(self, folder: Path) -> None:
        self.database = f"sqlite://{folder / 'history.db'}"
        self.log = folder / "collector.log"
        self.ingest = self._token("controllers", "ingest")
        self.read = self._token("reader", "read")
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [playback(), "serve", "--listen", "127.0.0.1:0", "--database", self.database],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self.url = self._address()

    def _token(self, name: str, scope: str) -> str:
        command = [str(playback()), "token", "create", name, "--scope", scope, "--database", self.database, "--json"]
        return str(json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)["token"])

    def _address(self) -> str:
        deadline = time.monotonic() + DEADLINE
        while time.monotonic() < deadline:
            found = re.search(r"127\.0\.0\.1:[1-9]\d*", self.log.read_text())
            if found:
                return f"http://{found[0]}"
            assert self.process.poll() is None, self.log.read_text()
            time.sleep(0.02)
        raise AssertionError(f"the collector does not listen: {self.log.read_text()}")

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(DEADLINE)

    def get(self, path: str) -> bytes:
        request = urllib.request.Request(
            f"{self.url}/api/v1/ansible{path}", headers={"Authorization": f"Bearer {self.read}"}
        )
        with urllib.request.urlopen(request, timeout=DEADLINE) as answer:
            return bytes(answer.read())

    def json(self, path: str) -> Any:
        return json.loads(self.get(path))

    def record(self, execution: str) -> Record:
        """The record, when it is final."""
        base = f"/executions/{execution}"
        return Record(
            detail=self.json(f"{base}?wait=final&timeout=60"),
            results=self.json(f"{base}/results?limit=1000")["results"],
            output=self.get(f"{base}/output?format=text").decode(),
        )

    def records(self, label: str) -> list[Record]:
        """All records of one site, in the order in which they began."""
        listed = self.json(f"/executions?limit=100&order=asc&label={label}")["executions"]
        return [self.record(execution["id"]) for execution in listed]


@dataclass
class Done:
    """A command that has ended, with both of its streams in the order in which they were printed."""

    code: int
    printed: str


class Site:
    """A folder with an inventory and a playbook, whose runs are recorded under a label of its own."""

    def __init__(self, folder: Path, history: History) -> None:
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
