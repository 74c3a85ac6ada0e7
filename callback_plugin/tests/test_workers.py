"""Direct output of forked workers is recorded as it is printed, or reported as missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from ansible.executor.process.worker import WorkerProcess

if TYPE_CHECKING:
    from conftest import Run, Site

DETACHED = hasattr(WorkerProcess, "_detach")
"""Since 2.19, the output of workers is discarded, and Ansible shows its beginning as a warning."""

FILTER = """
import os, subprocess, sys, warnings
def prints(value):
    print(f"printed {value}")
    print("without an end", end="", flush=True)
    print(" and its end")
    sys.stderr.write("to stderr\\n")
    warnings.warn("a warning", UserWarning, stacklevel=1)
    return value
def writes(value):
    os.write(1, b"written caf\\xe9\\n")
    os.write(2, b"written to stderr\\n")
    return value
def starts(value):
    subprocess.run(["echo", "a program"], check=True)
    return value
def listens(value):
    subprocess.run(["echo", "to us"], check=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return value
class FilterModule:
    def filters(self):
        return {"prints": prints, "writes": writes, "starts": starts, "listens": listens}
"""

# The loop has one item, because a worker continues with the next item while Ansible shows one, so the order of their
# output would be undefined.
PLAY = """
- hosts: web1
  gather_facts: false
  tasks:
    - {name: prints, debug: {msg: "{{ 'x' | prints }}"}}
    - {name: loop, debug: {msg: "{{ item | prints }}"}, loop: [a]}
"""

ONE = "- hosts: web1\n  gather_facts: false\n  tasks: [{name: one, debug: {msg: \"{{ 'x' | FILTER }}\"}}]\n"


def printed(run: Run) -> bytes:
    """The output after the recorder's first notice, which says that it has no collector."""
    told, mark, rest = run.printed.partition(b"delivers it\n")
    assert mark, told
    return rest


def recorded(run: Run) -> bytes:
    """The text as it was printed; the record marks bytes that are not valid text."""
    told, mark, rest = run.text.partition("delivers it\n")
    assert not told or mark, told
    text = rest if mark else run.text
    return b"".join(
        bytes([int(part[1:3], 16)]) + part[3:].encode() if at else part.encode()
        for at, part in enumerate(text.split("\0"))
    )


def test_what_a_filter_prints_is_recorded_in_its_place(site: Site) -> None:
    site.write("filter_plugins/prints.py", FILTER)
    run = site.play(PLAY, env={"PYTHONUNBUFFERED": "1"})
    assert run.code == 0
    assert b"printed x" in run.printed
    assert recorded(run) == printed(run)


def test_what_a_filter_prints_is_recorded_on_each_stream_as_its_buffer_lets_go_of_it(site: Site) -> None:
    """Python buffers output to a file, and text that is still in a worker's buffer at its end is lost."""
    site.write("filter_plugins/prints.py", FILTER)
    site.write("site.yml", PLAY)
    run = site.run("/bin/sh", "-c", "exec ansible-playbook site.yml 2>errors", env={"PYTHONUNBUFFERED": ""})
    assert run.code == 0
    assert b"printed x" in run.printed + (site.folder / "errors").read_bytes()
    assert "".join(data["text"] for data in run.of("output") if "stream" not in data).encode() == run.printed
    errors = "".join(data["text"] for data in run.of("output", stream="stderr"))
    assert (site.folder / "errors").read_text().endswith(errors)


def test_what_is_printed_under_no_log_is_one_line(site: Site) -> None:
    site.write("filter_plugins/prints.py", FILTER)
    run = site.play(
        PLAY.replace("'x'", "'SECRET-7'").replace("name: prints,", "name: prints, no_log: true,"),
        env={"PYTHONUNBUFFERED": "1"},
    )
    assert run.code == 0
    assert b"printed SECRET-7" in run.printed
    if not DETACHED:
        assert "SECRET-7" not in run.text
        assert run.text.count("[Playback left out what was printed here") == 1


def test_text_that_the_stream_cannot_hold_is_recorded_as_it_is_printed(site: Site) -> None:
    site.write("filter_plugins/prints.py", FILTER.replace(" and its end", "caf\\udce9"))
    run = site.play(PLAY, env={"PYTHONUNBUFFERED": "1", "PYTHONIOENCODING": "utf-8:surrogateescape"})
    assert run.code == 0
    # Ansible sets its own error handler, whatever the environment says.
    assert b"caf?\n" in run.printed
    assert recorded(run) == printed(run)


@pytest.mark.parametrize("where", ["a worker", "Ansible itself"])
def test_what_is_written_by_the_number_of_a_stream_is_recorded(site: Site, where: str) -> None:
    site.write("filter_plugins/prints.py", FILTER)
    play = ONE.replace("FILTER", "writes")
    if where == "Ansible itself":
        play = play.replace("name: one", "name: \"{{ 'x' | writes }}\"").replace("{{ 'x' | writes }}\"}}]", 'x"}}]')
    run = site.play(play, env={"PYTHONUNBUFFERED": "1"})
    assert run.code == 0
    shown = where == "Ansible itself" or not DETACHED
    assert (b"written caf\xe9\n" in run.printed) == shown
    assert (b"written to stderr\n" in run.printed) == shown
    assert recorded(run) == printed(run)
    assert "uncaptured_programs" not in run.one("execution_ended")


def test_a_program_that_prints_past_ansible_is_said_to_be_missing(site: Site) -> None:
    site.write("filter_plugins/prints.py", FILTER)
    run = site.play(ONE.replace("FILTER", "starts"))
    assert run.code == 0
    assert (b"a program" in run.printed) == (not DETACHED)
    assert "a program" not in run.text
    assert run.one("execution_ended").get("uncaptured_programs", 0) == (not DETACHED)


@pytest.mark.parametrize("capture", ["1", "0"])
def test_a_program_whose_output_goes_elsewhere_or_is_not_wanted_is_not_mentioned(site: Site, capture: str) -> None:
    site.write("filter_plugins/prints.py", FILTER)
    name = "listens" if capture == "1" else "starts"
    run = site.play(ONE.replace("FILTER", name), env={"PLAYBACK_CAPTURE_OUTPUT": capture})
    assert run.code == 0
    assert "uncaptured_programs" not in run.one("execution_ended")
