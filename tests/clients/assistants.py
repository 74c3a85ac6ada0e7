#!/usr/bin/env python3
"""Tests the tools for assistants with the official client of the Model Context Protocol.

Real runs of Ansible are recorded; then every tool is asked, over `/mcp` and through `playback mcp`.

    tests/clients/assistants.py target/debug/playback --ansible .venv/ansible/bin
"""

import argparse
import asyncio
import json
import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
from check import collector, run
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamable_http_client

from mcp import Client, StdioServerParameters

TOOLS = {"list", "show", "why", "diff", "search", "trends", "hosts"}
# The longest answer, with what says that it is cut.
MOST = 20_500

PLAYBOOK = """
- name: Set up the site
  hosts: all
  gather_facts: false
  tasks:
    - name: Say what is wanted
      ansible.builtin.debug:
        msg: "release {{ release }}"
    - name: Check the disk
      ansible.builtin.assert:
        that: release == "1"
        fail_msg: no space left on device
"""


@contextmanager
def site(folder: Path, url: str, token: str) -> Iterator[dict[str, str]]:
    """A project with a recorder; yields the environment of its runs."""
    (folder / "site.yml").write_text(PLAYBOOK)
    (folder / "hosts").write_text(
        "web-01 ansible_connection=local\nweb-02 ansible_connection=local\n"
    )
    (folder / "ansible.cfg").write_text(
        "[defaults]\ninventory = hosts\ncallbacks_enabled = playback.history.recorder\n"
    )
    yield {
        "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
        "HOME": str(folder),
        "LANG": "C.UTF-8",
        "PLAYBACK_URL": url,
        "PLAYBACK_TOKEN": token,
        "PLAYBACK_SPOOL_DIR": str(folder / "spool"),
    }


def play(ansible: Path, folder: Path, environment: dict[str, str], release: str) -> int:
    command = [ansible / "ansible-playbook", "site.yml", "-e", f"release={release}"]
    done = subprocess.run(
        [str(word) for word in command],
        cwd=folder,
        env=environment,
        capture_output=True,
        check=False,
    )
    return done.returncode


async def ask(client: Client, tool: str, **arguments: object) -> str:
    """What a tool answers, which must be no error."""
    result = await client.call_tool(tool, arguments)
    assert not result.is_error, (tool, result)
    [content] = result.content
    text: str = content.text
    assert len(text) <= MOST, (tool, len(text))
    return text


async def ask_everything(client: Client, url: str) -> None:
    """Asks every tool about the recorded runs."""
    listed = await client.list_tools()
    assert {tool.name for tool in listed.tools} == TOOLS, listed
    for tool in listed.tools:
        assert tool.annotations and tool.annotations.read_only_hint, tool
        assert tool.description and tool.input_schema["type"] == "object", tool
    runs = await ask(client, "list")
    assert runs.count("site.yml: ") == 2 and f"{url}/runs/" in runs, runs
    assert "failed on web-01, web-02" in runs, runs
    why = await ask(client, "why")
    for part in ("no space left on device", "Check the disk", "2 hosts", "site.yml:9"):
        assert part in why, (part, why)
    diff = await ask(client, "diff", run="failed")
    assert "/compare/" in diff and "failed now" in diff, diff
    show = await ask(client, "show", run="latest", lines=50)
    assert "PLAY RECAP" in show and "web-02: ok=1" in show, show
    found = await ask(client, "search", query='"no space left" host:web-01', limit=1)
    assert "web-01" in found and "cursor = " in found, found
    assert "50 % succeeded" in await ask(client, "trends")
    assert "web-02: failed in its last run" in await ask(
        client, "hosts", status="failed"
    )
    assert "Its last runs:" in await ask(client, "hosts", name="web-01")
    # What is wrong is an answer, from which a model can learn.
    wrong = await client.call_tool("list", {"query": "status:faild"})
    assert wrong.is_error and "failed" in wrong.content[0].text, wrong


async def over_http(url: str, token: str, mode: str) -> None:
    headers = {"Authorization": f"Bearer {token}"}
    async with (
        httpx2.AsyncClient(headers=headers, timeout=60) as http,
        Client(
            streamable_http_client(f"{url}/mcp", http_client=http), mode=mode
        ) as client,
    ):
        await ask_everything(client, url)


async def without_token(url: str) -> None:
    async with httpx2.AsyncClient() as http:
        hello = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}
        answer = await http.post(
            f"{url}/mcp",
            json=hello,
            headers={"Accept": "application/json, text/event-stream"},
        )
    assert answer.status_code == 401, answer
    assert "a token is needed" in answer.json()["error"]["message"], answer.text


async def over_pipes(
    playback: Path, url: str, token: str, folder: Path, mode: str
) -> None:
    command = StdioServerParameters(
        command=str(playback),
        args=["mcp"],
        env={"PLAYBACK_URL": url, "PLAYBACK_TOKEN": token, "HOME": str(folder)},
    )
    async with Client(stdio_client(command), mode=mode) as client:
        await ask_everything(client, url)


def reader(playback: Path, folder: Path) -> str:
    database = f"sqlite://{folder}/playback.db"
    made = run(
        playback, "token", "create", "assistant", "--scope", "read", "--json", "--database", database, cwd=folder,
    )  # fmt: skip
    token: str = json.loads(made)["token"]
    return token


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("playback", type=Path)
    parser.add_argument("--ansible", type=Path, required=True)
    arguments = parser.parse_args()
    playback = arguments.playback.resolve()
    ansible = arguments.ansible.resolve()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with collector(playback, folder) as (url, admin):
            project = folder / "project"
            project.mkdir()
            with site(project, url, admin) as environment:
                assert play(ansible, project, environment, "1") == 0
                assert play(ansible, project, environment, "2") == 2
            token = reader(playback, folder)
            asyncio.run(without_token(url))
            # The newest version of the protocol, where both know it, and the handshake of those before.
            for mode in ("auto", "legacy"):
                asyncio.run(over_http(url, token, mode))
                asyncio.run(over_pipes(playback, url, token, folder, mode))
    print("the tools for assistants answer the official client")


if __name__ == "__main__":
    main()
