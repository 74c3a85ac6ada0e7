"""A site with a real ansible-core and the installed wheel, and readers for the spools of its runs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

BIN = Path(sys.executable).parent
# A fault bound, not a speed test: the machine may be busy.
TIMEOUT = 300

CONFIG = """\
[defaults]
callbacks_enabled = playback.history.recorder
bin_ansible_callbacks = true
inventory = hosts
nocows = true
"""

HOSTS = f"""\
[web]
web1
web2
web3

[web:vars]
ansible_connection=local
ansible_python_interpreter={sys.executable}

[away]
gone ansible_connection=ssh ansible_host=127.0.0.1 ansible_port=1 ansible_ssh_common_args='-o ConnectTimeout=2'
"""


@dataclass
class Run:
    """One command: its exit code, what it printed, and what was spooled."""

    code: int
    printed: bytes
    events: list[dict[str, Any]] = field(default_factory=list)

    def of(self, kind: str, **data: Any) -> list[dict[str, Any]]:
        """Data of all events of a kind whose data holds `data`."""
        return [
            event["data"]
            for event in self.events
            if event["kind"] == kind and all(event["data"].get(key) == value for key, value in data.items())
        ]

    def one(self, kind: str, **data: Any) -> dict[str, Any]:
        found = self.of(kind, **data)
        assert len(found) == 1, (kind, data, found)
        return found[0]

    def task(self, name: str) -> int:
        return int(self.one("task_started", name=name)["task"])

    def results(self, name: str) -> list[dict[str, Any]]:
        return self.of("result", task=self.task(name))

    def result(self, name: str) -> dict[str, Any]:
        found = self.results(name)
        assert len(found) == 1, found
        return found[0]

    @property
    def text(self) -> str:
        """Everything that was printed, as recorded."""
        return "".join(data["text"] for data in self.of("output"))

    @property
    def spooled(self) -> str:
        return json.dumps(self.events, ensure_ascii=False)


class Site:
    """A folder with ansible.cfg, an inventory and playbooks."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.spool = folder / "spool"
        self.env = {
            "PATH": f"{BIN}:{os.environ['PATH']}",
            "HOME": str(folder),
            "LANG": "C.UTF-8",
            "ANSIBLE_ASYNC_DIR": str(folder / "async"),
            "PLAYBACK_SPOOL_DIR": str(self.spool),
        }
        self.write("ansible.cfg", CONFIG)
        self.write("hosts", HOSTS)

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", errors="surrogateescape")
        return path

    def start(self, *command: str, env: dict[str, str] | None = None) -> subprocess.Popen[bytes]:
        """Starts a command whose two streams go into one file."""
        with (self.folder / "printed").open("wb") as printed:
            return subprocess.Popen(
                [str(BIN / command[0]), *command[1:]],
                cwd=self.folder,
                env=self.env | (env or {}),
                stdin=subprocess.DEVNULL,
                stdout=printed,
                stderr=subprocess.STDOUT,
            )

    def finish(self, process: subprocess.Popen[bytes]) -> Run:
        try:
            code = process.wait(TIMEOUT)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
        return Run(code, self.printed(), self.events())

    def run(self, *command: str, env: dict[str, str] | None = None) -> Run:
        for file in self.spools():
            file.unlink()
        return self.finish(self.start(*command, env=env))

    def play(self, text: str, *options: str, env: dict[str, str] | None = None) -> Run:
        self.write("site.yml", text)
        return self.run("ansible-playbook", "site.yml", *options, env=env)

    def printed(self) -> bytes:
        return (self.folder / "printed").read_bytes()

    def spools(self) -> list[Path]:
        return sorted(self.spool.glob("*.ndjson"))

    def events(self) -> list[dict[str, Any]]:
        """Events of the only spool."""
        files = self.spools()
        assert len(files) <= 1, files
        return read_spool(files[0]) if files else []

    def wait_for(self, what: Callable[[], bool]) -> None:
        deadline = time.monotonic() + TIMEOUT
        while not what():
            assert time.monotonic() < deadline, f"in vain: {self.printed().decode(errors='replace')}"
            time.sleep(0.02)


def read_spool(path: Path) -> list[dict[str, Any]]:
    """Whole lines only, numbered 1, 2, 3 …"""
    data = path.read_bytes()
    assert data.endswith(b"\n") or not data
    events = [json.loads(line) for line in data.splitlines()]
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    return events


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--whole", action="store_true", help="also the tests that are marked `whole`")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "whole: one more form of what another test proves, with --whole alone")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("whole"):
        return
    left_out = [item for item in items if item.get_closest_marker("whole")]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


def also(*values: Any) -> Any:
    """Parameters of a test that only `--whole` runs: it starts Ansible once more for each."""
    return pytest.param(*values, marks=pytest.mark.whole)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)
