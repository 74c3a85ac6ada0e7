#!/usr/bin/env python3
"""Tests the OpenAPI document with other tools.

Validates the document, generates clients in Python and TypeScript from it, and uses them with a collector. With `--fuzz`,
schemathesis sends a collector valid and invalid requests, and compares the answers with the document.

    tests/clients/check.py target/debug/playback [--fuzz] [--examples N]
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).resolve().parent
BIN = Path(sys.executable).parent
TEN = 1_768_903_200_000_000


def run(*command: str | Path, cwd: Path, **environment: str) -> str:
    """Runs a command that must succeed; returns its output."""
    done = subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env={**os.environ, **environment},
        text=True,
        capture_output=True,
        check=False,
    )
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}:\n{done.stdout}\n{done.stderr}")
    return done.stdout


@contextmanager
def collector(
    playback: Path, folder: Path, settings: str = ""
) -> Iterator[tuple[str, str]]:
    """A collector with a separate database: its URL, and an admin token."""
    config = folder / "playback.toml"
    config.write_text(settings)
    database = f"sqlite://{folder}/playback.db"
    run(playback, "migrate", "--database", database, cwd=folder)
    made = run(
        playback,
        "token",
        "create",
        "admin",
        "--scope",
        "admin",
        "--json",
        "--database",
        database,
        cwd=folder,
    )
    token = json.loads(made)["token"]
    command = [
        playback,
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--log-format",
        "json",
        "--database",
        database,
        "--config",
        config,
    ]
    log = folder / "log"
    with log.open("w") as stderr:
        served = subprocess.Popen(
            command, cwd=folder, stderr=stderr, stdout=subprocess.DEVNULL
        )
    try:
        yield address(served, log), token
    finally:
        served.terminate()
        served.wait()
    failures = [line for line in log.read_text().splitlines() if "panicked" in line]
    if failures:
        sys.exit("\n".join(failures))


def address(served: "subprocess.Popen[bytes]", log: Path) -> str:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and served.poll() is None:
        for line in log.read_text().splitlines():
            if '"serving"' in line and line.endswith("}"):
                return f"http://{json.loads(line)['address']}"
        time.sleep(0.05)
    sys.exit(f"the collector does not start:\n{log.read_text()}")


def record(url: str, token: str) -> str:
    """Sends a run; returns its id."""
    data: list[tuple[str, dict[str, object]]] = [
        ("execution_started", {"type": "playbook", "playbook": "site.yml"}),
        (
            "play_started",
            {"play": 1, "name": "web", "hosts": "all", "strategy": "linear"},
        ),
        ("task_started", {"task": 1, "play": 1, "name": "ping", "action": "ping"}),
        (
            "result",
            {"task": 1, "host": "web1", "status": "ok", "content": {"ping": "pong"}},
        ),
        ("output", {"text": "ok: [web1]\n"}),
        ("stats", {"hosts": {"web1": {"ok": 1}}}),
        ("execution_ended", {"exit_code": 0}),
    ]
    lines = [
        json.dumps({"seq": seq, "at": TEN + seq, "kind": kind, "data": event})
        for seq, (kind, event) in enumerate(data, 1)
    ]
    execution = str(uuid.uuid4())
    request = urllib.request.Request(
        f"{url}/api/v1/ansible/ingest/{execution}/recorder",
        data="".join(line + "\n" for line in lines).encode(),
        headers={
            "Authorization": f"Bearer {token}",
            "Content-Type": "application/x-ndjson",
        },
    )
    with urllib.request.urlopen(request) as answer:
        assert json.load(answer) == {"acked": len(lines)}
    return execution


def pin(url: str, token: str, execution: str) -> None:
    """Pins a run, so that no cleanup deletes it."""
    request = urllib.request.Request(
        f"{url}/api/v1/ansible/executions/{execution}/pin",
        method="PUT",
        headers={"Authorization": f"Bearer {token}"},
    )
    with urllib.request.urlopen(request) as answer:
        assert answer.status == 200


def fetch(url: str, folder: Path) -> Path:
    """The document, which needs no token."""
    file = folder / "openapi.json"
    with urllib.request.urlopen(f"{url}/api/openapi.json") as answer:
        file.write_bytes(answer.read())
    return file


def check(url: str, token: str, folder: Path) -> None:
    document = fetch(url, folder)
    run(BIN / "openapi-spec-validator", document, cwd=folder)
    execution = record(url, token)
    told = {"PLAYBACK_URL": url, "PLAYBACK_TOKEN": token, "EXECUTION_ID": execution}

    config = folder / "config.yml"
    config.write_text(
        "project_name_override: playback-client\npackage_name_override: playback_client\npost_hooks: []\n"
        "content_type_overrides:\n"
        "  application/x-ndjson: application/octet-stream\n"
        "  application/zstd: application/octet-stream\n"
    )
    generate = [
        "generate",
        "--meta",
        "none",
        "--fail-on-warning",
        "--path",
        document,
        "--config",
        config,
    ]
    run(
        BIN / "openapi-python-client",
        *generate,
        "--output-path",
        folder / "playback_client",
        cwd=folder,
    )
    run(sys.executable, HERE / "client.py", cwd=folder, PYTHONPATH=str(folder), **told)

    node = folder / "node"
    shutil.copytree(HERE, node, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    run("npm", "ci", "--no-audit", "--no-fund", cwd=node)
    run(
        "npx",
        "--no-install",
        "openapi-typescript",
        document,
        "--output",
        "api.ts",
        cwd=node,
    )
    run("npx", "--no-install", "tsc", cwd=node)
    run("node", "built/client.js", cwd=node, **told)
    print("the OpenAPI document is valid, and clients made of it work")


def launcher(folder: Path) -> str:
    """Settings of a launcher that accepts all requests and has nothing to run."""
    for name in ("playbooks", "inventories"):
        (folder / name).mkdir()
    return (
        f'[launcher]\nadhoc = false\nplaybooks = ["{folder}/playbooks"]\n'
        f'inventories = ["{folder}/inventories"]\n'
    )


def fuzz(url: str, token: str, folder: Path, examples: int) -> None:
    document = fetch(url, folder)
    execution = record(url, token)
    pin(url, token, execution)
    command = [
        BIN / "schemathesis", "run", document, "--url", url, "--header", f"Authorization: Bearer {token}",
        "--max-examples", str(examples), "--checks", "all", "--continue-on-failure",
        # What a text must be (a cursor, a pattern, one of two fields), no schema says; and more is taken than the document
        # promises, such as an empty parameter for none.
        "--exclude-checks", "positive_data_acceptance,negative_data_rejection",
        # They are no plain HTTP; and what a session is worth, tests/it/sessions.rs asks.
        "--exclude-path-regex", "stream$|session$", "--exclude-method", "DELETE",
    ]  # fmt: skip
    hooks = {
        **os.environ,
        "SCHEMATHESIS_HOOKS": "hooks",
        "PYTHONPATH": str(HERE),
        "EXECUTION_ID": execution,
    }
    done = subprocess.run(
        [str(word) for word in command], cwd=folder, env=hooks, check=False
    )
    sys.exit(done.returncode)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("playback", type=Path)
    parser.add_argument("--fuzz", action="store_true")
    parser.add_argument("--examples", type=int, default=50)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        playback = arguments.playback.resolve()
        if arguments.fuzz:
            with collector(playback, folder, launcher(folder)) as (url, token):
                fuzz(url, token, folder, arguments.examples)
        with collector(playback, folder) as (url, token):
            check(url, token, folder)


if __name__ == "__main__":
    main()
