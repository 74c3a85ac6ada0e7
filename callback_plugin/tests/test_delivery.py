"""Delivery over HTTP to a small collector that stores what it receives."""

from __future__ import annotations

import json
import os
import pty
import signal
import socket
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest
import zstandard
from conftest import BIN, CONFIG, TIMEOUT, also

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import Site

PLAY = "- hosts: web\n  gather_facts: false\n  tasks: [{name: one, raw: echo hi}, {name: two, debug: }]\n"
SLEEPS = "- hosts: web1\n  gather_facts: false\n  tasks: [{name: sleep, command: sleep 60}]\n"


class Collector:
    """Answers as the protocol says, or with `status`."""

    def __init__(self) -> None:
        self.status = 200
        self.address: str | None = None
        self.code = "refused"
        self.tokens: set[str | None] = set()
        self.runs: dict[str, list[dict[str, Any]]] = {}
        collector = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                status, answer = collector.take(self.path.split("?")[0], self.headers.get("Authorization"), body)
                data = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Playback-Collector", "1")
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                if collector.address:
                    self.send_header("Playback-Address", collector.address)
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def take(self, path: str, token: str | None, body: bytes) -> tuple[int, dict[str, Any]]:
        self.tokens.add(token)
        if self.status != 200:
            return self.status, {"error": {"code": self.code, "message": "no"}}
        prefix, execution, producer = path.rsplit("/", 2)
        assert (prefix, producer) == ("/api/v1/ansible/ingest", "recorder")
        events = self.runs.setdefault(execution, [])
        if body:
            if body.startswith(b"\x28\xb5\x2f\xfd"):
                with zstandard.ZstdDecompressor().stream_reader(body) as reader:
                    body = reader.read()
            for line in body.splitlines():
                event = json.loads(line)
                if event["seq"] == len(events) + 1:
                    events.append(event)
        return 200, {"acked": len(events)}


@pytest.fixture
def collector() -> Iterator[Collector]:
    collector = Collector()
    yield collector
    collector.server.shutdown()
    collector.server.server_close()


def test_a_run_is_delivered_and_says_nothing(site: Site, collector: Collector) -> None:
    site.write("token", "s3cret\n")
    run = site.play(PLAY, env={"PLAYBACK_URL": collector.url, "PLAYBACK_TOKEN_FILE": str(site.folder / "token")})
    assert run.code == 0
    assert b"Playback" not in run.printed
    assert list(site.spool.iterdir()) == []
    assert collector.tokens == {"Bearer s3cret"}
    (events,) = collector.runs.values()
    assert events[0]["kind"] == "execution_started"
    assert events[-1]["data"] == {"exit_code": 0}
    text = "".join(event["data"]["text"] for event in events if event["kind"] == "output")
    assert text.encode() == run.printed


@pytest.mark.parametrize("address", ["https://play.example/playback", also(None)])
def test_the_address_of_the_run_is_printed_at_its_end_where_that_is_asked_for(
    site: Site, collector: Collector, address: str | None
) -> None:
    collector.address = address
    run = site.play(PLAY, env={"PLAYBACK_URL": collector.url, "PLAYBACK_LINK": "true"})
    assert run.code == 0
    (execution,) = collector.runs
    assert run.printed.decode().splitlines()[-1] == f"Playback: {address or collector.url}/runs/{execution}"
    # It is ours, and not what Ansible printed.
    printed = [event["data"]["text"] for event in collector.runs[execution] if event["kind"] == "output"]
    assert not any("Playback" in text for text in printed)


@pytest.mark.parametrize(
    ("env", "told"),
    [
        ({}, True),
        also({"PLAYBACK_LINK": "false"}, False),
        # Another program records the same run.
        ({"PLAYBACK_EXECUTION_ID": "01a22b72-7150-76b0-b609-a40fa4d8de72"}, False),
    ],
    ids=["default", "off", "shared"],
)
def test_a_terminal_is_told_the_address_and_the_output_is_as_without(
    site: Site, collector: Collector, env: dict[str, str], told: bool
) -> None:
    site.write("site.yml", PLAY)
    terminal, slave = pty.openpty()
    process = subprocess.Popen(
        [str(BIN / "ansible-playbook"), "site.yml"],
        cwd=site.folder,
        env=site.env | {"PLAYBACK_URL": collector.url} | env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=slave,
    )
    printed, _ = process.communicate(timeout=TIMEOUT)
    os.write(slave, b".")
    said = os.read(terminal, 65536).decode()
    os.close(slave)
    os.close(terminal)
    assert process.returncode == 0
    assert b"Playback" not in printed
    (execution,) = collector.runs
    assert (f"Playback: {collector.url}/runs/{execution}" in said) == told, said


def test_events_arrive_while_ansible_runs(site: Site, collector: Collector) -> None:
    site.write("site.yml", SLEEPS)
    process = site.start("ansible-playbook", "site.yml", env={"PLAYBACK_URL": collector.url})

    def host_started() -> bool:
        return any(event["kind"] == "host_started" for events in collector.runs.values() for event in events)

    site.wait_for(host_started)
    process.send_signal(signal.SIGTERM)
    run = site.finish(process)
    assert run.code == -signal.SIGTERM
    (events,) = collector.runs.values()
    assert events[-1]["data"] == {"signal": signal.SIGTERM}


def test_a_collector_that_is_down_delays_and_changes_nothing(site: Site) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    bare = site.play(PLAY, env={"PLAYBACK_DISABLED": "1"})
    started = time.monotonic()
    run = site.play(PLAY, env={"PLAYBACK_URL": url})
    assert time.monotonic() - started < 60
    assert run.code == bare.code == 0
    lines = run.printed.decode().splitlines()
    assert lines[-1].startswith("[WARNING]: Playback: this run could not be delivered in time")
    assert sorted(lines[:-1]) == sorted(bare.printed.decode().splitlines())
    assert run.events[-1]["data"] == {"exit_code": 0}


def test_a_collector_that_never_answers(site: Site) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        started = time.monotonic()
        run = site.play(PLAY, env={"PLAYBACK_URL": url})
        assert time.monotonic() - started < 60
    assert run.code == 0
    assert b"[WARNING]: Playback:" in run.printed.splitlines()[-1]
    assert run.events[-1]["kind"] == "execution_ended"


@pytest.mark.parametrize("status", [401, 503, also(403)])
def test_a_collector_that_refuses(site: Site, collector: Collector, status: int) -> None:
    collector.status = status
    run = site.play(PLAY, env={"PLAYBACK_URL": collector.url, "PLAYBACK_FLUSH_SECONDS": "1"})
    assert run.code == 0
    assert run.printed.count(b"[WARNING]: Playback:") == 1
    kept = list(site.spool.iterdir())
    assert any(b'"execution_ended"' in path.read_bytes() for path in kept)


# What the environment and ansible.cfg say, the token that is sent, and how a refusal names its place.
TOKENS: list[tuple[dict[str, str], str, str, str]] = [
    ({}, "token = cfg", "cfg", "the option token in ansible.cfg"),
    ({}, "token = cfg\ntoken_file = file", "cfg", "in ansible.cfg, which wins over the token file"),
    ({}, "token_file = ~/file", "file", "the token file"),
    ({"TOKEN": "env", "TOKEN_FILE": "~/file"}, "token = cfg", "env", "PLAYBACK_TOKEN in the environment"),
    ({"TOKEN": "env"}, "token = cfg", "env", "PLAYBACK_TOKEN in the environment"),
    ({"TOKEN_FILE": "~/file"}, "token = cfg", "file", "/file, which wins over the one in ansible.cfg"),
    ({"TOKEN_FILE": "~/file"}, "token = cfg\ntoken_file = x", "file", "/file, which wins over the one in ansible.cfg"),
    ({"TOKEN": "", "TOKEN_FILE": "$HOME/file"}, "token = cfg", "file", "the token file"),
    ({"TOKEN": ""}, "token = cfg\ntoken_file = file", "file", "the token file"),
]


# Without `--whole`, one of each place.
@pytest.mark.parametrize(
    ("env", "config", "token", "place"),
    [case if at in (0, 3, 5) else also(*case) for at, case in enumerate(TOKENS)],
)
def test_the_environments_token_wins_over_that_of_the_configuration(
    site: Site, collector: Collector, env: dict[str, str], config: str, token: str, place: str
) -> None:
    collector.status, collector.code = 403, "forbidden"
    site.write("file", "file")
    site.write("ansible.cfg", f"{CONFIG}[callback_playback]\n{config}\n")
    given = {f"PLAYBACK_{name}": value for name, value in env.items()}
    run = site.play(PLAY, env={"PLAYBACK_URL": collector.url, "PLAYBACK_FLUSH_SECONDS": "1", **given})
    assert run.code == 0
    assert collector.tokens == {f"Bearer {token}"}
    assert place in run.printed.decode(), run.printed


def test_the_run_of_a_killed_ansible_arrives_with_the_next(site: Site, collector: Collector) -> None:
    site.write("site.yml", SLEEPS)
    process = site.start("ansible-playbook", "site.yml")
    site.wait_for(lambda: b'"host_started"' in b"".join(path.read_bytes() for path in site.spools()))
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    (orphan,) = site.spools()
    site.write("site.yml", PLAY + "- hosts: web1\n  gather_facts: false\n  tasks: [{command: sleep 3}]\n")
    run = site.finish(site.start("ansible-playbook", "site.yml", env={"PLAYBACK_URL": collector.url}))
    assert run.code == 0
    assert not orphan.exists()
    assert len(collector.runs) == 2
    assert any(event["kind"] == "host_started" for event in collector.runs[orphan.name.split(".")[0]])


@pytest.mark.parametrize(
    "option",
    [{"PLAYBACK_URL": "ftp://x"}, also({"PLAYBACK_TOKEN_FILE": "/nowhere"}), also({"PLAYBACK_CA_FILE": "/nowhere"})],
)
def test_a_configuration_that_cannot_work(site: Site, option: dict[str, str]) -> None:
    run = site.play(PLAY, env={"PLAYBACK_URL": "http://127.0.0.1:1"} | option)
    assert run.code == 0
    assert run.printed.count(b"[WARNING]: Playback:") == 1
    assert b"playback flush" in b" ".join(run.printed.split())
    assert run.events[-1]["kind"] == "execution_ended"
