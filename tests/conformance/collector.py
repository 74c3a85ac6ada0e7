"""A real collector for the suite, and executions as its API returns them."""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PLAYBACK = Path(os.environ.get("PLAYBACK_BIN", ROOT / "target" / "debug" / "playback")).resolve()
# A bound on faults, not a speed test: the machine may be busy.
DEADLINE = 120.0


@dataclass
class Record:
    """Everything that the API returns about a finished execution."""

    detail: dict[str, Any]
    plays: list[dict[str, Any]]
    tasks: list[dict[str, Any]]
    hosts: list[dict[str, Any]]
    results: list[dict[str, Any]]
    """Each with its `event`, whose `data` has what the module returned."""
    events: list[dict[str, Any]]
    """The recorder's."""
    output: str
    """Exactly what was printed; bytes that are no text as Python's surrogates."""
    others: list[dict[str, Any]] = field(default_factory=list)
    """Events of the supervisor."""

    @property
    def told(self) -> list[tuple[str, str, str]]:
        """Task, host and status of each result."""
        return sorted((result["task_name"], result["host"], result["status"]) for result in self.results)

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [event for event in self.events if event["kind"] == kind]


class Collector:
    """`playback serve` on a free port, with a separate history."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.database = f"sqlite://{folder / 'history.db'}"
        self.log = folder / "collector.log"
        self.ingest = self._token("controller", "ingest")
        self.read = self._token("reader", "read")
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [PLAYBACK, "serve", "--listen", "127.0.0.1:0", "--database", self.database],
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
            )
        self.url = self._address()

    def _token(self, name: str, scope: str) -> str:
        command = [str(PLAYBACK), "token", "create", name, "--scope", scope, "--database", self.database, "--json"]
        printed = subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout
        return str(json.loads(printed)["token"])

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

    def json(self, path: str) -> Any:  # any JSON
        return json.loads(self.get(path))

    def pages(self, path: str, name: str) -> list[dict[str, Any]]:
        """All entries of a paged list."""
        entries: list[dict[str, Any]] = []
        after: int | None = 0
        mark = "&" if "?" in path else "?"
        while after is not None:
            page = self.json(f"{path}{mark}limit=1000&after={after}")
            entries += page[name]
            after = page.get("next")
        return entries

    def knows(self, execution: str) -> bool:
        try:
            self.get(f"/executions/{execution}")
        except urllib.error.HTTPError as error:
            if error.code == 404:
                return False
            raise
        return True

    def record(self, execution: str) -> Record:
        """The record, when it is final."""
        detail = self.json(f"/executions/{execution}?wait=final&timeout=60")
        base = f"/executions/{execution}"
        events = self.pages(f"{base}/events", "events")
        by_seq = {event["seq"]: event for event in events}
        results = self.pages(f"{base}/results", "results")
        for result in results:
            result["event"] = by_seq[result["seq"]]
        return Record(
            detail=detail,
            plays=self.json(f"{base}/plays")["plays"],
            tasks=self.pages(f"{base}/tasks", "tasks"),
            hosts=self.pages(f"{base}/hosts", "hosts"),
            results=results,
            events=events,
            output=self.get(f"{base}/output?format=text").decode(errors="surrogateescape"),
            others=self.pages(f"{base}/events?producer=supervisor", "events"),
        )

    def records(self, label: str) -> list[Record]:
        """All records with a label, in the order in which they began."""
        listed = self.json(f"/executions?limit=100&order=asc&label={label}")["executions"]
        return [self.record(execution["id"]) for execution in listed]

    def streamed(self, execution: str) -> bytes:
        """The output of a viewer of the stream, as `playback follow` shows it."""
        command = [str(PLAYBACK), "follow", execution]
        env = {"PLAYBACK_URL": self.url, "PLAYBACK_TOKEN": self.read, "PATH": os.environ["PATH"]}
        return subprocess.run(command, env=env, stdout=subprocess.PIPE, timeout=DEADLINE, check=False).stdout
