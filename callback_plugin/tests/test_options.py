"""An invalid option stops nothing: the play runs and is recorded, and a warning names the option and its variable."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Any

import pytest
from conftest import CONFIG, also, read_spool

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from conftest import Run, Site

PLAY = """\
- hosts: web1
  gather_facts: false
  tasks: [{name: one, debug: {msg: hi}}]
"""

LATIN = os.fsdecode(b"caf\xe9")

# Values of each option in the environment or a file, and what the record's first event must then contain.
ODD: list[tuple[str, str, dict[str, Any]]] = [
    ("url", LATIN, {}),
    ("url", "ftp://x", {}),
    ("url", "http://[", {}),
    ("token", LATIN, {}),
    ("token_file", "/nowhere", {}),
    ("token_file", f"/nowhere/{LATIN}", {}),
    ("ca_file", "/nowhere", {}),
    ("ca_file", "/dev/null", {}),
    ("spool_dir", "/dev/null/spool", {}),
    ("spool_max_mb", "abc", {}),
    ("spool_max_mb", "-1", {}),
    ("spool_max_mb", "0", {}),
    ("spool_max_mb", "1.5", {}),
    ("spool_max_mb", "99999999999999999999", {}),
    ("flush_seconds", "abc", {}),
    ("flush_seconds", "-3", {}),
    ("flush_seconds", "NaN", {}),
    ("flush_seconds", "inf", {}),
    ("flush_seconds", LATIN, {}),
    ("flush_seconds_unreachable", "soon", {}),
    ("link", "perhaps", {}),
    ("capture_output", "perhaps", {}),
    ("record_args", "perhaps", {}),
    ("facts", "perhaps", {}),
    ("facts_ignore", LATIN, {}),
    ("diff", "perhaps", {}),
    ("max_event_bytes", "lots", {}),
    ("max_event_bytes", "0", {}),
    ("labels", f"a, {LATIN},,", {"labels": ["a", "caf\ufffd"]}),
    ("note", LATIN, {"note": "caf\ufffd"}),
    ("execution_id", LATIN, {}),
    ("execution_id", "7", {}),
    ("disabled", "perhaps", {}),
]

# Without a valid pattern, nothing is recorded.
UNUSABLE = [("redact_keys", LATIN), ("redact_patterns", LATIN), ("redact_patterns", "(")]

# These are unusual, but valid.
PLAIN: list[tuple[str, str, dict[str, Any]]] = [
    ("note", "", {}),
    ("note", "{{ 7 * 7 }}", {"note": "{{ 7 * 7 }}"}),
    ("labels", " , ,", {}),
    ("flush_seconds", "", {}),
    ("spool_max_mb", "", {}),
    ("token_file", "", {}),
    ("capture_output", "", {}),
    ("capture_output", "ON", {}),
    ("link", "", {}),
    ("execution_id", "", {}),
]


def name_of(case: object) -> str:
    return ascii(case) if isinstance(case, str) else ""


def each_way(cases: Sequence[tuple[Any, ...]]) -> list[Any]:
    """Each case in the environment and in ansible.cfg; without `--whole`, the first of each option, in one of these."""
    options = list(dict.fromkeys(option for option, *_ in cases))
    seen: set[str] = set()
    found = []
    for case in cases:
        turn = options.index(case[0]) % 2
        for number, where in enumerate(("environment", "ansible.cfg")):
            is_first = case[0] not in seen and number == turn
            found.append((where, *case) if is_first else also(where, *case))
        seen.add(case[0])
    return found


def play(site: Site, where: str, option: str, word: str) -> Run:
    """Runs the play with an option that is set in the environment or in the configuration."""
    env = {"PLAYBACK_URL": "http://127.0.0.1:1", "PLAYBACK_FLUSH_SECONDS_UNREACHABLE": "0"}
    variable = f"PLAYBACK_{option.upper()}"
    if where == "environment":
        env[variable] = word
    else:
        env.pop(variable, None)
        site.env.pop(variable, None)
        site.write("ansible.cfg", f"{CONFIG}[callback_playback]\n{option} = {word}\n")
    return site.play(PLAY, env=env)


def recorded(site: Site) -> list[dict[str, Any]]:
    """The events of the only run, in whatever folder below the home they are."""
    (spool,) = site.folder.rglob("*.ndjson")
    return read_spool(spool)


def warnings(run: Run) -> str:
    return "\n".join(line for line in run.printed.decode(errors="replace").splitlines() if "Playback" in line)


@pytest.mark.parametrize(("where", "option", "word", "expected"), each_way(ODD), ids=name_of)
def test_an_odd_option_is_told_and_the_run_is_recorded(
    site: Site, where: str, option: str, word: str, expected: dict[str, Any]
) -> None:
    run = play(site, where, option, word)
    assert run.code == 0, run.printed
    assert b'"msg": "hi"' in run.printed
    assert f"the option {option} (PLAYBACK_{option.upper()})" in warnings(run), run.printed
    events = recorded(site)
    assert [event["kind"] for event in events].count("result") == 1
    # The default is used: the output is recorded.
    assert any("ok: [web1]" in event["data"]["text"] for event in events if event["kind"] == "output")
    assert events[-1]["data"] == {"exit_code": 0}
    assert {name: events[0]["data"].get(name) for name in expected} == expected


@pytest.mark.parametrize(("where", "option", "word"), each_way(UNUSABLE), ids=name_of)
def test_with_a_rule_that_cannot_be_used_nothing_is_recorded_and_that_is_told(
    site: Site, where: str, option: str, word: str
) -> None:
    run = play(site, where, option, word)
    assert run.code == 0, run.printed
    told = " ".join(run.printed.decode(errors="replace").split())
    assert "recording is off for the rest of this run" in told
    assert f"the option {option} (PLAYBACK_{option.upper()})" in told
    assert not list(site.folder.rglob("*.ndjson"))


@pytest.mark.parametrize(("where", "option", "word", "expected"), each_way(PLAIN), ids=name_of)
def test_what_can_be_used_as_it_is_is_not_mentioned(
    site: Site, where: str, option: str, word: str, expected: dict[str, Any]
) -> None:
    run = play(site, where, option, word)
    assert run.code == 0, run.printed
    assert "the option" not in warnings(run)
    events = recorded(site)
    assert events[-1]["data"] == {"exit_code": 0}
    assert {name: events[0]["data"].get(name) for name in expected} == expected


def test_a_spool_folder_that_is_no_text_is_used_and_the_command_that_is_told_names_it(site: Site) -> None:
    folder = os.fsencode(site.folder) + b"/caf\xe9 it's"
    run = site.play(PLAY, env={"PLAYBACK_SPOOL_DIR": os.fsdecode(folder)})
    assert run.code == 0
    (spool,) = (name for name in os.listdir(folder) if name.endswith(b".ndjson"))
    assert b'"execution_ended"' in (site.folder / os.fsdecode(folder) / os.fsdecode(spool)).read_bytes()
    (command,) = (part for part in run.printed.decode(errors="replace").split("`") if part.startswith("playback flush"))
    script: Path = site.write("playback", '#!/bin/sh\nprintf %s "$3"\n')
    script.chmod(0o755)
    shown = site.run("/bin/sh", "-c", command, env={"PATH": f"{site.folder}:{site.env['PATH']}"})
    assert shown.printed == folder, json.dumps(command)


def test_only_an_offer_is_taken_and_no_other_file_is_removed(site: Site) -> None:
    """PLAYBACK_OFFER may hold anything: whatever it names that is no offer of ours stays."""
    run_id = "019bdc67-8a00-7000-8000-0000000000aa"
    precious = site.write("precious", "data")
    named = site.write("named.offer", "data")
    linked = site.folder / f"{run_id}.offer"
    linked.hardlink_to(precious)
    folder = site.folder / "folder"
    folder.mkdir()
    link = folder / f"{run_id}.offer"
    link.symlink_to(precious)
    for kept in (precious, named, linked, link):
        run = site.play(PLAY, env={"PLAYBACK_OFFER": str(kept)})
        assert run.code == 0, run.printed
        assert kept.read_text() == "data"
        assert run.events[0]["kind"] == "execution_started"
    linked.unlink()
    linked.write_text("")
    run = site.play(PLAY, env={"PLAYBACK_OFFER": str(linked)})
    assert not linked.exists()
    (spool,) = site.spools()
    assert spool.name.startswith(run_id)


def test_names_that_are_not_utf8_are_spelled_out_and_everything_is_recorded(site: Site) -> None:
    """Python stands for such bytes with surrogates, wherever a name comes from."""
    odd, spelled = os.fsdecode(b"h\xe9"), "h\\udce9"
    play = """\
- hosts: all
  gather_facts: false
  tasks:
    - name: one
      block:
        - command: "false"
          delegate_to: "{{ ansible_play_hosts_all | last }}"
          loop: [1]
      rescue:
        - debug: {msg: rescued}
"""
    site.write("site.yml", play)
    run = site.run(
        *("ansible-playbook", "-i", f"{odd},", "-c", "local", "site.yml", "-e", f"{odd}=1"),
        env={"PLAYBACK_RUN_KEY": odd, "ANSIBLE_PYTHON_INTERPRETER": sys.executable},
    )
    assert run.code == 0, run.printed
    assert b"recording is off" not in run.printed
    assert run.events[0]["data"]["extra_var_names"] == [spelled]
    assert {result["host"] for result in run.of("result")} == {spelled}
    (failed,) = run.of("result", status="failed")
    assert failed["rescued"]
    assert list(run.of("stats")[-1]["hosts"]) == [spelled]
    assert run.events[-1]["data"] == {"exit_code": 0}


@pytest.mark.parametrize("offered", [LATIN, "/nowhere/x.offer", also(f"/{LATIN}.offer"), also("7")], ids=ascii)
def test_an_odd_offer_is_named_and_its_file_stays(site: Site, offered: str) -> None:
    if "/" not in offered:
        (site.folder / offered).write_text("not an offer")
    run = site.play(PLAY, env={"PLAYBACK_OFFER": offered})
    assert run.code == 0
    assert f"PLAYBACK_OFFER is {offered!a} and is not used" in warnings(run), run.printed
    assert "PLAYBACK_PARENT" not in warnings(run)
    started = recorded(site)[0]["data"]
    assert started.get("parent") is None
    assert "/" in offered or (site.folder / offered).exists()
