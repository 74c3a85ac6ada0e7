"""Runs a case's command as a user would, and keeps what every witness of it saw."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import pty
import shlex
import signal
import subprocess
import termios
import threading
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cases import SECRET, Case
from collector import DEADLINE, PLAYBACK, Collector

if TYPE_CHECKING:
    from collections.abc import Callable

HERE = Path(__file__).resolve().parent
PLAYBOOKS = HERE / "playbooks"
COLLECTIONS = HERE / "collections"
CALLBACKS = "oracle.witness.before,playback.history.recorder,oracle.witness.after"

# How long nothing may happen after something was typed, in seconds, and how often it is typed.
PATIENCE = 15
TRIES = 4

GATES = {
    "linear": ("web1", "web3"),
    "free": ("web1", "web2", "web3"),
    "serial": ("web2", "web3"),
    "loop": ("web1",),
    "handlers": ("web1",),
    "failures": ("web1",),
    "async": ("web1",),
}
"""Playbooks in `playbooks/gates/` that stop half-way, and the hosts that reach the gate there."""

LIVE, AWAY, EXEC = "live", "away", "exec"
"""How a run is recorded: while the collector listens; by the recorder alone, delivered later by `playback flush`;
by `playback exec` around it as well."""


@dataclass
class Seen:
    """What the witnesses of one run saw."""

    execution: str
    code: int
    printed: bytes
    hooks: list[dict[str, Any]] = field(default_factory=list)
    spooled: bytes = b""
    """The spool as the run left it, where nothing was delivered meanwhile."""
    typed: tuple[str, ...] = ()
    """What a person typed at the terminal."""

    @property
    def loaded(self) -> dict[str, Any] | None:
        """What there was to know when the recorder was set up; none: it never was."""
        return next((hook for hook in self.hooks if hook["hook"] == "loaded"), None)


@dataclass
class Running:
    """A command that goes on."""

    execution: str
    process: subprocess.Popen[bytes]
    printed: Path

    def until(self, what: str, true: Callable[[], bool]) -> None:
        """Waits for something that happens while the command runs."""
        eventually(what, lambda: true() or self.process.poll() is not None)
        assert true(), f"it ended before {what}: {self.printed.read_text(errors='replace')}"


class Machine:
    """A controller: one ansible-core, a home, a spool, and a collector to report to."""

    def __init__(
        self, folder: Path, bin_folder: Path, collector: Collector, base: dict[str, str] | None = None
    ) -> None:
        """`base`: the environment of whoever runs the command; by default one with nothing in it."""
        self.folder = folder
        self.base = base
        self.more: dict[str, str] = {}
        self.bin = bin_folder
        self.collector = collector
        self.spool = folder / "spool"
        self.witness = folder / "witness"
        self.scratch = folder / "scratch"
        self.vault_password = folder / "vault-password"
        for path in (folder / "home", self.scratch):
            path.mkdir(parents=True)
        self.vault_password.write_text(SECRET)

    def environment(self, way: str, execution: str, case: Case | None) -> dict[str, str]:
        blank = {
            "PATH": f"{self.bin}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
            "HOME": str(self.folder / "home"),
            "LANG": "C.UTF-8",
            "ANSIBLE_VAULT_PASSWORD_FILE": str(self.vault_password),
            "DATABASE_PASSWORD": SECRET,
        }
        env = {
            **(blank if self.base is None else self.base),
            # What goes to a file comes there in the order in which it was printed, as at a terminal.
            "PYTHONUNBUFFERED": "1",
            "SCRATCH": str(self.scratch),
            "ANSIBLE_CALLBACKS_ENABLED": CALLBACKS,
            "ANSIBLE_LOAD_CALLBACK_PLUGINS": "1",
            "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS),
            "ANSIBLE_ASYNC_DIR": str(self.scratch / "async"),
            "CONFORMANCE_WITNESS": str(self.witness),
            "PLAYBACK_SPOOL_DIR": str(self.spool),
            "PLAYBACK_FLUSH_SECONDS": str(DEADLINE),
            "PLAYBACK_EXECUTION_ID": execution,
            # What Ansible prints is compared, and nothing of ours is to be among it at a terminal either.
            "PLAYBACK_LINK": "false",
        }
        if way != AWAY:
            env |= self.collector_environment()
        return env | self.more | (case.env if case else {})

    def collector_environment(self) -> dict[str, str]:
        return {"PLAYBACK_URL": self.collector.url, "PLAYBACK_TOKEN": self.collector.ingest}

    def run(self, case: Case, way: str) -> Seen:
        words = shlex.split(case.command.format(scratch=self.scratch, vault_password=self.vault_password))
        if case.signals:
            return self.execute(words, way, PLAYBOOKS, case, lambda run: self._signal(run, case.signals))
        return self.execute(words, way, PLAYBOOKS, case)

    def execute(
        self,
        words: list[str],
        way: str,
        cwd: Path,
        case: Case | None = None,
        meanwhile: Callable[[Running], None] | None = None,
    ) -> Seen:
        """Runs a command to its end. `meanwhile` is called once it is started."""
        execution = str(uuid.uuid4())
        command = [str(self.bin / words[0]), *words[1:]]
        if way == EXEC:
            command = [str(PLAYBACK), "exec", "--execution-id", execution, "--", *command]
        env = self.environment(way, execution, case)
        if case and case.typed:
            code, printed = self._on_terminal(command, env, cwd, case)
        else:
            code, printed = self._into_file(command, env, cwd, lambda run: meanwhile and meanwhile(run), execution)
        seen = Seen(execution, code, printed, self.hooks(), typed=tuple(text for _, text in case.typed) if case else ())
        if way == AWAY:
            seen.spooled = b"".join(path.read_bytes() for path in sorted(self.spool.glob("*.ndjson")))
        self._deliver()
        return seen

    def _into_file(
        self,
        command: list[str],
        env: dict[str, str],
        cwd: Path,
        meanwhile: Callable[[Running], object],
        execution: str,
    ) -> tuple[int, bytes]:
        """Both streams in one file, as by `> FILE 2>&1`."""
        path = self.folder / "printed"
        with path.open("wb") as printed:
            process = subprocess.Popen(
                command,
                cwd=cwd,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=printed,
                stderr=printed,
                start_new_session=True,
                preexec_fn=_as_from_a_shell,
            )
        try:
            meanwhile(Running(execution, process, path))
            code = process.wait(DEADLINE)
        finally:
            _end(process)
        return code, path.read_bytes()

    def _signal(self, run: Running, signals: tuple[int, ...]) -> None:
        """Signals the whole group, as a terminal does, once a task says that it waits: nothing else goes on then."""
        run.until("a task waits", (self.scratch / "waiting").exists)
        for number in signals:
            # Whoever kills a supervisor kills no Ansible; other signals are passed on.
            group = run.process.pid if number != signal.SIGKILL else os.getpgid(self.hooks()[0]["pid"])
            os.killpg(group, number)

    def _on_terminal(self, command: list[str], env: dict[str, str], cwd: Path, case: Case) -> tuple[int, bytes]:
        """A terminal that shows what is printed and nothing else: no echo, no translated line ends."""
        master, slave = pty.openpty()
        modes = termios.tcgetattr(slave)
        modes[1] &= ~termios.OPOST
        modes[3] &= ~(termios.ECHO | termios.ECHONL)
        termios.tcsetattr(slave, termios.TCSANOW, modes)
        printed = bytearray()

        def read() -> None:
            while True:
                try:
                    data = os.read(master, 65536)
                except OSError:
                    return
                if not data:
                    return
                printed.extend(data)

        process = subprocess.Popen(
            command,
            cwd=cwd,
            env=env | {"TERM": "xterm", "COLUMNS": "80"},
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            preexec_fn=_as_at_a_terminal,
        )
        os.close(slave)
        reader = threading.Thread(target=read)
        reader.start()
        try:
            at = 0
            for text, answer in case.typed:
                eventually(
                    f"{text!r} to be printed",
                    lambda text=text, at=at: text.encode() in printed[at:] or process.poll() is not None,  # type: ignore[misc]
                )
                at = len(printed)
                # A pause throws away what was typed between its prompt and its reading: a person types it again.
                for _ in range(TRIES):
                    os.write(master, answer.encode() + b"\r")
                    if _soon(lambda at=at: len(printed) > at or process.poll() is not None):  # type: ignore[misc]
                        break
            code = process.wait(DEADLINE)
        finally:
            _end(process)
            reader.join(DEADLINE)
            os.close(master)
        return code, bytes(printed)

    def hooks(self) -> list[dict[str, Any]]:
        if not self.witness.exists():
            return []
        return [json.loads(line) for line in self.witness.read_bytes().splitlines()]

    def _deliver(self) -> None:
        """Delivers what lies in the spool: a killed run's, or one whose collector was away."""
        if not list(self.spool.glob("*.ndjson")):
            return
        env = {"PATH": os.environ["PATH"], "PLAYBACK_SPOOL_DIR": str(self.spool), **self.collector_environment()}
        done = subprocess.run([PLAYBACK, "flush"], env=env, capture_output=True, timeout=DEADLINE, check=False)
        assert done.returncode == 0, done


def _soon(true: Callable[[], bool]) -> bool:
    """Whether it becomes true while a person would wait before typing again."""
    deadline = time.monotonic() + PATIENCE
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def eventually(what: str, true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE
    while not true():
        assert time.monotonic() < deadline, f"in vain: waited for {what}"
        time.sleep(0.02)


def _as_from_a_shell() -> None:
    """Signals have their usual meaning, even where whoever runs the tests ignores them."""
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)


def _as_at_a_terminal() -> None:
    _as_from_a_shell()
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Leaves nothing of a command behind that is still in its group."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
