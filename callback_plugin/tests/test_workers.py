"""What forked workers print by themselves is recorded as it is printed, where it is printed at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conftest import Site

FILTER = """
import sys, warnings
def prints(value):
    print(f"printed {value}")
    print("without an end", end="", flush=True)
    print(" and its end")
    sys.stderr.write("to stderr\\n")
    warnings.warn("a warning", UserWarning, stacklevel=1)
    return value
class FilterModule:
    def filters(self):
        return {"prints": prints}
"""

PLAY = """
- hosts: web1
  gather_facts: false
  tasks:
    - {name: prints, debug: {msg: "{{ 'x' | prints }}"}}
    - {name: loop, debug: {msg: "{{ item | prints }}"}, loop: [a, b]}
"""


def test_what_a_filter_prints_is_recorded_in_its_place(site: Site) -> None:
    site.write("filter_plugins/prints.py", FILTER)
    for unbuffered in ("1", ""):
        run = site.play(PLAY, env={"PYTHONUNBUFFERED": unbuffered})
        assert run.code == 0
        printed = run.printed.decode()
        assert "printed x" in printed or not unbuffered
        # Without a collector, a warning about that comes first.
        assert run.text == printed[printed.index(run.text[:20]) :] or sorted(run.text.splitlines()) == sorted(
            printed.splitlines()
        )


def test_what_is_printed_under_no_log_is_one_line(site: Site) -> None:
    site.write("filter_plugins/prints.py", FILTER)
    run = site.play(
        PLAY.replace("'x'", "'SECRET-7'").replace("name: prints,", "name: prints, no_log: true,"),
        env={"PYTHONUNBUFFERED": "1"},
    )
    assert run.code == 0
    # Since 2.19 Ansible itself shows, as a warning, what a worker printed.
    if "errantly sent data" not in run.text:
        assert b"printed SECRET-7" in run.printed
        assert "SECRET-7" not in run.text
        assert run.text.count("[Playback left out what was printed here") == 1


def test_bytes_that_are_no_text_are_recorded_so_that_they_come_back(site: Site) -> None:
    site.write("filter_plugins/prints.py", FILTER.replace("to stderr", "caf\\udce9"))
    run = site.play(PLAY, env={"PYTHONUNBUFFERED": "1", "PYTHONIOENCODING": "utf-8:surrogateescape"})
    if b"caf\xe9\n" in run.printed:
        assert "caf\0xe9\n" in run.text
