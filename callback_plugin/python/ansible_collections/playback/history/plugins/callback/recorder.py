"""The callback plugin `playback.history.recorder`: as little Python as Ansible allows.

Each hook calls the native core, which is imported late, because an `ImportError` at the top of a plugin file ends
the playbook. Any error turns the recorder off with one warning; the playbook continues.
"""

from __future__ import annotations

DOCUMENTATION = """
name: recorder
type: notification
short_description: records every run in Playback, the execution history for Ansible
version_added: 0.1.0
description:
  - Records plays, tasks, results, the exact output and the exact exit code of C(ansible-playbook) and C(ansible).
  - Each event is first written to a spool file; a background thread delivers it to the collector
    (C(playback serve)). A run that cannot be delivered stays in the spool. The next run on that machine, or
    C(playback flush), delivers it.
  - What Ansible censors (C(no_log)) is not recorded. Values of extra variables and the arguments of ad-hoc commands
    are replaced in the recorded command line.
  - A playbook runs the same with the recorder as without it. If the recorder fails, it prints one warning.
requirements:
  - enable it with C(callbacks_enabled = playback.history.recorder)
  - for ad-hoc commands also set C(bin_ansible_callbacks = true)
notes:
  - What started a run (C(launched_by)) is read from the environment of AWX, GitHub Actions, GitLab CI, Jenkins,
    Buildkite, CircleCI and Azure Pipelines, or from E(PLAYBACK_LAUNCHED_BY).
  - E(PLAYBACK_HOOK_STATS) names a file that gets the time spent in the recorder's hooks, as JSON, when Ansible exits.
options:
  url:
    description:
      - The collector, such as V(https://playback.example.com). Without it, runs are kept in the spool.
    type: str
    ini: [{section: callback_playback, key: url}]
    env: [{name: PLAYBACK_URL}]
  token:
    description: Token with the scope C(ingest).
    type: str
    ini: [{section: callback_playback, key: token}]
    env: [{name: PLAYBACK_TOKEN}]
  token_file:
    description:
      - File that contains the token. It is not read if O(token) is set as well, in the environment or in the same
        C(ansible.cfg). E(PLAYBACK_TOKEN_FILE) wins over a token in C(ansible.cfg).
    type: path
    ini: [{section: callback_playback, key: token_file}]
    env: [{name: PLAYBACK_TOKEN_FILE}]
  ca_file:
    description: PEM file of the certificate authorities to trust instead of the system's.
    type: path
    ini: [{section: callback_playback, key: ca_file}]
    env: [{name: PLAYBACK_CA_FILE}]
  spool_dir:
    description:
      - Folder of the spool files. By default C(playback/spool) in E(XDG_STATE_HOME) or in C(~/.local/state). If that
        folder is not writable, a private temporary folder is used.
    type: path
    ini: [{section: callback_playback, key: spool_dir}]
    env: [{name: PLAYBACK_SPOOL_DIR}]
  spool_max_mb:
    description: Largest size of one run's spool, in MiB. Further events are left out, and the record says so.
    type: int
    default: 2048
    ini: [{section: callback_playback, key: spool_max_mb}]
    env: [{name: PLAYBACK_SPOOL_MAX_MB}]
  flush_seconds:
    description:
      - How long Ansible's exit may be delayed to deliver the rest of the run, if the collector answered during the
        run. The recorder also waits for it if it is down at the end of the run.
    type: float
    default: 5
    ini: [{section: callback_playback, key: flush_seconds}]
    env: [{name: PLAYBACK_FLUSH_SECONDS}]
  flush_seconds_unreachable:
    description: The same, if the collector did not answer during the run.
    type: float
    default: 0.5
    ini: [{section: callback_playback, key: flush_seconds_unreachable}]
    env: [{name: PLAYBACK_FLUSH_SECONDS_UNREACHABLE}]
  link:
    description:
      - Whether to print the address of the run's page, to standard error, when Ansible ends and the run was delivered.
      - By default only to a terminal, and not where another program records the same run and prints it.
    type: bool
    ini: [{section: callback_playback, key: link}]
    env: [{name: PLAYBACK_LINK}]
  capture_output:
    description:
      - Whether to record the printed output. Under ansible-runner (and so under AWX) it is never recorded, because
        it is a control stream there.
      - What workers print through Python is recorded as well. What other programs and native code write directly to
        the terminal is not; C(playback exec) records that. If a plugin starts a program that can do so, the record says
        that text may be missing.
    type: bool
    default: true
    ini: [{section: callback_playback, key: capture_output}]
    env: [{name: PLAYBACK_CAPTURE_OUTPUT}]
  record_args:
    description:
      - Whether to record the arguments of tasks, as written in the playbook, and those of ad-hoc commands. Those of a
        task with C(no_log) are not recorded, and values whose names suggest a secret (C(password), C(token) …) are
        replaced.
    type: bool
    default: false
    ini: [{section: callback_playback, key: record_args}]
    env: [{name: PLAYBACK_RECORD_ARGS}]
  facts:
    description: Whether to record facts.
    type: bool
    default: true
    ini: [{section: callback_playback, key: facts}]
    env: [{name: PLAYBACK_FACTS}]
  facts_ignore:
    description:
      - Names of facts that are not recorded, with or without the leading C(ansible_). By default the environment's
        variables, which often hold tokens and passwords.
    type: list
    elements: str
    default: [ansible_env]
    ini: [{section: callback_playback, key: facts_ignore}]
    env: [{name: PLAYBACK_FACTS_IGNORE}]
  diff:
    description: Whether to record the differences that C(--diff) shows.
    type: bool
    default: true
    ini: [{section: callback_playback, key: diff}]
    env: [{name: PLAYBACK_DIFF}]
  redact_keys:
    description:
      - Names of keys whose values are replaced by C(***) before anything is written, at any depth of results, facts
        and recorded arguments, and after an option of that name on the command line. Case does not matter, and C(-) is
        the same as C(_); C(*) stands for any characters, C(?) for one.
      - In text (printed lines, C(stdout), differences) the value of such a key is replaced where it is written as JSON,
        as YAML, or as C(key=value). If the end of a value is unclear, the rest of the line is replaced.
      - A good starting point is V(*password*,*passwd*,*secret*,*token*,*api_key*,*private_key*,authorization).
    type: list
    elements: str
    default: []
    ini: [{section: callback_playback, key: redact_keys}]
    env: [{name: PLAYBACK_REDACT_KEYS}]
  redact_patterns:
    description:
      - Regular expressions, one per line (in C(ansible.cfg), further lines are indented). Text that one of them
        matches, in any recorded text except the names of hosts, is replaced by C(***) before anything is written.
      - The syntax is that of the Rust crate C(regex), without look-around and backreferences. "(?i)" at the beginning
        ignores case, "(?s)" lets a dot match the end of a line.
      - Printed output is searched line by line. An expression that spans lines finds its text in results, and in
        printed JSON, where it is one line.
      - If an expression is invalid, nothing is recorded, and one warning says so.
    type: str
    ini: [{section: callback_playback, key: redact_patterns}]
    env: [{name: PLAYBACK_REDACT_PATTERNS}]
  max_event_bytes:
    description:
      - Maximum size of an event, in bytes. In a larger result, the middle of long texts and the end of long lists are
        left out, and the record has their size and hash. Printed text is never cut.
    type: int
    default: 1048576
    ini: [{section: callback_playback, key: max_event_bytes}]
    env: [{name: PLAYBACK_MAX_EVENT_BYTES}]
  labels:
    description: Labels of the run.
    type: list
    elements: str
    default: []
    ini: [{section: callback_playback, key: labels}]
    env: [{name: PLAYBACK_LABELS}]
  note:
    description: Why the run was started, in the user's words.
    type: str
    ini: [{section: callback_playback, key: note}]
    env: [{name: PLAYBACK_NOTE}]
  execution_id:
    description: Identity of the run, a UUID. It is set by a program that starts Ansible and records the same run.
    type: str
    ini: [{section: callback_playback, key: execution_id}]
    env: [{name: PLAYBACK_EXECUTION_ID}]
  disabled:
    description: Whether to record nothing.
    type: bool
    default: false
    ini: [{section: callback_playback, key: disabled}]
    env: [{name: PLAYBACK_DISABLED}]
"""

import atexit
import builtins
import contextlib
import functools
import getpass
import os
import re
import signal
import stat
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any

from ansible import constants
from ansible.errors import AnsibleError, AnsibleParserError
from ansible.executor.task_queue_manager import TaskQueueManager
from ansible.module_utils.parsing.convert_bool import BOOLEANS
from ansible.plugins.callback import CallbackBase

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

    from ansible_playback._native import Recorder


class CallbackModule(CallbackBase):  # type: ignore[misc]  # ansible-core has no types
    """Passes Ansible's hooks to the native core."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "playback.history.recorder"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401  # Ansible's signature varies
        super().__init__(*args, **kwargs)
        self._pid = os.getpid()
        self._core: Recorder | None = None
        # The error, if Ansible could not read all options at once.
        self._odd: Exception | None = None

    def set_options(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401  # Ansible's signature varies
        """Starts recording: options can be read from here on."""
        try:
            try:
                super().set_options(*args, **kwargs)
            except Exception as error:  # noqa: BLE001  # one option is invalid: each is then read separately
                self._odd = error
            self._set_up()
        except BaseException as error:  # noqa: BLE001  # the playbook comes first
            self._give_up(error)

    def _set_up(self) -> None:
        notices: list[str] = []
        if self._flag("disabled", notices):
            self.disabled = True
            return
        from ansible_playback import _native

        if _native.in_child():
            self.disabled = True
            self._display.warning("Playback: this process was forked from one that is recorded; its runs are not")
            return
        caller = _Caller()
        if not _end_previous(caller.manager):
            self.disabled = True
            self._display.warning("Playback: another thread's run is being recorded; this one is not")
            return
        if _native.is_waiting():
            # A second instance was loaded from another path: one of them is enough.
            self.disabled = True
            return
        options = {name: self._option(name, notices) for name in _OPTIONS}
        options |= {name: word for name in _FLAGS if (word := _odd_flag(name)) is not None}
        options["notices"] = notices
        if _prints_a_control_stream(caller.manager):
            options["capture_output"] = False
        # A command that a task runs is a separate execution.
        os.environ.pop("PLAYBACK_EXECUTION_ID", None)
        offered = _offered(notices)
        run_key = os.environ.pop("PLAYBACK_RUN_KEY", None)
        if caller.console is not None:
            # A launched run is the console's, not that of its first command.
            options["execution_id"] = None
        options["parent"] = None
        if offered and not options["execution_id"]:
            # A record that is taken ends with the command, so it must end with this process.
            taken = not caller.ends_early and _take(offered)
            options["execution_id" if taken else "parent"] = os.path.basename(offered).removesuffix(".offer")
        core = _native.Recorder(
            options,
            _extra_var_names(caller.manager),
            _rescued(caller.manager),
            _typed(caller.console),
            caller.program(),
            caller.ends_early,
            run_key,
        )
        os.environ.pop("PLAYBACK_RUN_CLOCK", None)
        self._core = core
        _tell_dispatches()
        if caller.manager is not None:
            _tell_retractions(caller.manager, self)
            if caller.ends_early:
                _end_with(caller.manager)
        _watch_signals()
        if core.captures():
            _watch_prompts()
            _watch_descriptors()
        if not _native.knows_exit_code():
            _watch_exit()
        for notice in core.notices():
            self._tell(notice)

    def _option(self, name: str, notices: list[str]) -> Any:  # noqa: ANN401  # as Ansible has it
        """An option, or None if it is empty or invalid: then the default is used. A notice names an invalid one."""
        word = _written(name)
        if word is not None and not word.strip():
            # Ansible would read an empty path as the working folder.
            return None
        if self._odd is None:
            return self.get_option(name)
        try:
            return constants.config.get_config_value(name, plugin_type="callback", plugin_name=self._load_name)
        except Exception as error:  # noqa: BLE001  # any error: the other options are still read
            reason = " ".join(str(error).split()).encode("utf-8", "backslashreplace").decode()
            notices.append(f"the option {name} (PLAYBACK_{name.upper()}) is not used: {reason}")
            return None

    def _flag(self, name: str, notices: list[str]) -> bool:
        """An option that must be true or false; false if it is neither."""
        word = _odd_flag(name)
        if word is None:
            return bool(self._option(name, notices))
        notices.append(
            f"the option {name} (PLAYBACK_{name.upper()}) is {word!a} and is not used: it must be true or false"
        )
        return False

    def _tell(self, notice: str) -> None:
        """Prints a warning in one line: Ansible wraps its warnings at hyphens, and this one may have a command to copy.

        Each warning is printed once per process, like Ansible's own, because a console has many runs.
        """
        if notice in _told:
            return
        _told.add(notice)
        self._display.display(f"[WARNING]: Playback: {notice}", color=constants.COLOR_WARN, stderr=True)

    def _hook(self, method: Callable[[Recorder], None]) -> None:
        if self._core is None or os.getpid() != self._pid:
            return
        try:
            method(self._core)
        except BaseException as error:  # noqa: BLE001  # anything but an Exception would hang the playbook
            self._give_up(error)

    def _give_up(self, error: BaseException) -> None:
        """Turns the recorder off. Interruptions on the main thread are passed on to Ansible."""
        interrupted = isinstance(error, (KeyboardInterrupt, SystemExit))
        if interrupted and threading.current_thread() is threading.main_thread():
            raise error
        self.disabled = True
        core, self._core = self._core, None
        try:
            if core is not None:
                core.turn_off()
            reason = " ".join(f"{type(error).__name__}: {error}".split())
            self._display.warning(f"Playback: recording is off for the rest of this run ({reason})")
        except Exception:  # noqa: BLE001  # nothing is left to be done about it
            pass

    def v2_playbook_on_play_start(self, play: object) -> None:
        self._hook(lambda core: core.play_start(play))

    def v2_playbook_on_task_start(self, task: object, is_conditional: bool) -> None:
        self._hook(lambda core: core.task_start(task))

    def v2_playbook_on_handler_task_start(self, task: object) -> None:
        self._hook(lambda core: core.handler_task_start(task))

    def v2_playbook_on_include(self, included_file: object) -> None:
        self._hook(lambda core: core.include(included_file))

    def v2_playbook_on_notify(self, handler: object, host: object) -> None:
        self._hook(lambda core: core.notify(handler, host))

    def v2_playbook_on_stats(self, stats: object) -> None:
        self._hook(lambda core: core.stats(stats))

    def v2_runner_on_start(self, host: object, task: object) -> None:
        self._hook(lambda core: core.start(host, task))

    def v2_runner_on_ok(self, result: object) -> None:
        self._hook(lambda core: core.ok(result))

    def v2_runner_on_failed(self, result: object, ignore_errors: bool | None = False) -> None:
        self._hook(lambda core: core.failed(result, bool(ignore_errors)))

    def v2_runner_on_skipped(self, result: object) -> None:
        self._hook(lambda core: core.skipped(result))

    def v2_runner_on_unreachable(self, result: object) -> None:
        self._hook(lambda core: core.unreachable(result))

    def v2_runner_item_on_ok(self, result: object) -> None:
        self._hook(lambda core: core.item_ok(result))

    def v2_runner_item_on_failed(self, result: object) -> None:
        self._hook(lambda core: core.item_failed(result))

    def v2_runner_item_on_skipped(self, result: object) -> None:
        self._hook(lambda core: core.item_skipped(result))

    def v2_runner_retry(self, result: object) -> None:
        self._hook(lambda core: core.retry(result))

    def v2_runner_on_async_poll(self, result: object) -> None:
        self._hook(lambda core: core.async_poll(result))

    def v2_runner_on_async_ok(self, result: object) -> None:
        self._hook(lambda core: core.async_ok(result))

    def v2_runner_on_async_failed(self, result: object) -> None:
        self._hook(lambda core: core.async_failed(result))


_OPTIONS = (
    "url",
    "token",
    "token_file",
    "ca_file",
    "spool_dir",
    "spool_max_mb",
    "flush_seconds",
    "flush_seconds_unreachable",
    "link",
    "capture_output",
    "record_args",
    "facts",
    "facts_ignore",
    "diff",
    "redact_keys",
    "redact_patterns",
    "max_event_bytes",
    "labels",
    "note",
    "execution_id",
)

_FLAGS = ("link", "capture_output", "record_args", "facts", "diff")

# The name of a file by which `playback exec` offers its record: that of the run.
_OFFER = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.offer")

# Ansible's exit code after Ctrl-C.
_INTERRUPTED = 99


# Exit codes of Ansible's own commands.
# Assigned one by one, because ansible-doc warns about names that are assigned together.
_ERROR = 1
_FAILED_HOSTS = 2
_UNREACHABLE_HOSTS = 4
_PARSER_ERROR = 4
_UNEXPECTED = 250


def _written(name: str) -> str | None:
    """An option's text in the environment or in `ansible.cfg`, before Ansible converts it."""
    word = os.environ.get(f"PLAYBACK_{name.upper()}")
    if word is None:
        try:
            parsers = constants.config._parsers.values()
            word = next(parser.get("callback_playback", name, raw=True, fallback=None) for parser in parsers)
        except Exception:  # noqa: BLE001  # this is internal to Ansible, and may differ between versions
            return None
    return word


def _odd_flag(name: str) -> str | None:
    """The text of an option that must be true or false, if it is neither: Ansible would read it as false."""
    word = _written(name)
    if word is None or word.strip().lower() in {"", *map(str, BOOLEANS)}:
        return None
    return word


def _offered(notices: list[str]) -> str:
    """The file by which the command around Ansible offers its record, or nothing.

    A file of any other name is no offer: it must not be removed, and no run is named after it.
    """
    offered = os.environ.pop("PLAYBACK_OFFER", "")
    if not offered or _OFFER.fullmatch(os.path.basename(offered)):
        return offered
    notices.append(f"PLAYBACK_OFFER is {offered!a} and is not used: it must name a file that `playback exec` made")
    return ""


def _take(offered: str) -> bool:
    """Takes the record of the command around Ansible (`playback exec -- make`) for this run; returns whether it could.

    The command offers its record to the first Ansible that it starts: the process that removes the file gets it. The
    variable may be set by anyone, so only such a file is removed: a regular one of our own.
    """
    try:
        found = os.lstat(offered)
        if not stat.S_ISREG(found.st_mode) or found.st_nlink != 1 or found.st_uid != os.geteuid():
            return False
        os.unlink(offered)
    except OSError:
        return False
    return True


def _prints_a_control_stream(manager: Any) -> bool:  # noqa: ANN401  # a TaskQueueManager
    """Whether ansible-runner's own callback prints, with its control sequences.

    The environment alone does not say so, because commands that a task of such a run starts inherit it.
    """
    stdout = getattr(manager, "_stdout_callback", None)
    if stdout is None or isinstance(stdout, str):
        return "awx_display" in str(constants.DEFAULT_STDOUT_CALLBACK)
    return any("awx_display" in kind.__module__ for kind in type(stdout).__mro__)


def _is_a(module: str, name: str, owner: object) -> bool:
    """Whether `owner` is an instance of one of Ansible's classes. A module that is not imported has no instances, so it
    is not imported here: `ansible.cli` refuses to be imported under some locales that work for other programs."""
    kind = getattr(sys.modules.get(module), name, None)
    return isinstance(kind, type) and isinstance(owner, kind)


class _Caller:
    """The caller that loads this plugin: one of Ansible's commands, or a program that uses Ansible as a library.

    Ansible passes plugins no reference to them, so they are searched on the stack.
    """

    def __init__(self) -> None:
        self.manager: Any = None
        self.executor: Any = None
        self.console: FrameType | None = None
        """The stack frame in which `ansible-console` runs a command."""
        is_command = False
        is_process = False
        frame: FrameType | None = sys._getframe()
        while frame is not None:
            owner = frame.f_locals.get("self")
            if self.manager is None and isinstance(owner, TaskQueueManager):
                self.manager = owner
            elif self.executor is None and _is_a("ansible.executor.playbook_executor", "PlaybookExecutor", owner):
                self.executor = owner
            elif _is_a("ansible.cli", "CLI", owner):
                is_command = True
            if type(owner).__name__ == "ConsoleCLI" and "module" in frame.f_locals:
                self.console = frame
                break
            is_process = is_process or frame.f_code.co_name == "cli_executor"
            frame = frame.f_back
        self.is_library = not is_command and not is_process
        self.ends_early = self.manager is not None and (self.console is not None or not is_process)
        """Whether the run ends before the process does: with its queue manager."""

    def program(self) -> tuple[list[str], list[str], str | None] | None:
        """Playbooks, inventory and limit of a program's run, which has no command line with them."""
        if not self.is_library:
            return None
        inventory = getattr(self.manager, "_inventory", None)
        sources = getattr(inventory, "_sources", None) or ()
        subset = getattr(inventory, "_subset", None) or ()
        playbooks = getattr(self.executor, "_playbooks", None) or ()
        limit = ",".join(str(pattern) for pattern in subset) or None
        return [str(name) for name in playbooks], [str(source) for source in sources], limit


def _extra_var_names(manager: Any) -> list[str]:  # noqa: ANN401  # a TaskQueueManager
    """Names of the extra variables, including those from files.

    The files are not read again: a pipe can only be read once, and a vault would ask for its password.
    """
    variables = getattr(manager, "_variable_manager", None)
    return sorted(str(name) for name in getattr(variables, "extra_vars", ()))


def _rescued(manager: Any) -> dict[str, int] | None:  # noqa: ANN401  # ansible-core has no types
    """The dict in which Ansible counts, for its recap, the failures that a `rescue` handled."""
    counts = getattr(getattr(manager, "_stats", None), "rescued", None)
    return counts if isinstance(counts, dict) else None


def _typed(console: FrameType | None) -> tuple[str, str, str] | None:
    """Hosts, module and arguments of a command of `ansible-console`, whose command line does not have them."""
    if console is None:
        return None
    names = console.f_locals
    return str(names["self"].cwd), str(names["module"]), str(names.get("module_args", ""))


# Warnings that this process has printed.
_told: set[str] = set()

_open: tuple[Any, Callable[[], None], int] | None = None
"""A queue manager with an open run that ends before the process does, the function that ends it, and its thread."""


def _end_previous(manager: Any) -> bool:  # noqa: ANN401  # a TaskQueueManager
    """Ends a run that a program left open without cleanup; returns False if another thread's run is still open."""
    if _open is None or _open[0] is manager:
        return True
    owner = _open[2]
    if owner != threading.get_ident() and any(thread.ident == owner for thread in threading.enumerate()):
        return False
    _open[1]()
    return True


def _end_with(manager: Any) -> None:  # noqa: ANN401  # a TaskQueueManager
    """Ends a run of `ansible-console`, or of a program, when its queue manager is cleaned up; the process continues.

    Its exit code is the one that Ansible's own command would have for the result of the manager's run.
    """
    global _open  # there is one at a time, as there is one recording
    original = manager.cleanup
    owner = os.getpid()
    # A program may be handling its own exception.
    handled = sys.exc_info()[1]

    def end(code: int | None) -> None:
        global _open
        if _open is not None and _open[0] is manager:
            _open = None
            atexit.unregister(at_exit)
            _end(exit_code=code)

    def at_exit() -> None:
        if os.getpid() == owner:
            end(_came_to(manager, None, None))

    @functools.wraps(original)
    def cleanup(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  # whatever Ansible passes
        error = sys.exc_info()[1]
        code = _came_to(manager, sys._getframe(1), error if error is not handled else None)
        try:
            return original(*args, **kwargs)
        finally:
            if os.getpid() == owner:
                end(code)

    manager.cleanup = cleanup
    _open = (manager, at_exit, threading.get_ident())
    atexit.register(at_exit)


def _came_to(manager: Any, caller: FrameType | None, error: BaseException | None) -> int | None:  # noqa: ANN401
    """The exit code of a run: from the error that ended it, from its caller's result, or from its hosts' state."""
    if error is not None:
        for kind, code in (
            (KeyboardInterrupt, _INTERRUPTED),
            (AnsibleParserError, _PARSER_ERROR),
            (AnsibleError, _ERROR),
        ):
            if isinstance(error, kind):
                return code
        given = getattr(error, "code", None) if isinstance(error, SystemExit) else _UNEXPECTED
        return given if isinstance(given, int) else int(given is not None)
    if caller is not None and "result" in caller.f_locals:
        owner = caller.f_locals.get("self")
        if _is_a("ansible.executor.playbook_executor", "PlaybookExecutor", owner) or _is_a("ansible.cli", "CLI", owner):
            result = caller.f_locals["result"]
            return int(result) if isinstance(result, int) else None
    if getattr(manager, "_unreachable_hosts", None):
        return _UNREACHABLE_HOSTS
    return _FAILED_HOSTS if getattr(manager, "_failed_hosts", None) else 0


def _tell_retractions(manager: Any, plugin: CallbackModule) -> None:  # noqa: ANN401  # a TaskQueueManager
    """Tells the core when the debugger repeats a task: only then does Ansible decrease counts of its recap."""
    stats = getattr(manager, "_stats", None)
    original = getattr(stats, "decrement", None)
    if original is None:
        return

    @functools.wraps(original)
    def decrement(what: str, host: str) -> None:
        original(what, host)
        # The last one of several counts, in every case.
        if what == "ok":
            plugin._hook(lambda core: core.retracted(str(host)))

    stats.decrement = decrement  # type: ignore[union-attr]  # it is not None, for it has a method


def _tell_dispatches() -> None:
    """Tells the core when Ansible dispatches an event, so that printed text is assigned to it."""
    from ansible_playback import _native

    original = TaskQueueManager.send_callback
    if getattr(original, "_tells_playback", False):
        return

    @functools.wraps(original)
    def send_callback(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  # whatever Ansible passes
        _native.dispatch_begins()
        try:
            return original(*args, **kwargs)
        finally:
            _native.dispatch_ends()

    send_callback._tells_playback = True  # type: ignore[attr-defined]
    TaskQueueManager.send_callback = send_callback


def _watch_prompts() -> None:
    """Tells the core what prompts print to a terminal, which bypasses `sys.stdout`. Typed text is not recorded."""
    # A password is not echoed, so its line is ended here.
    for module, name, end in ((builtins, "input", ""), (getpass, "getpass", "\n")):
        original = getattr(module, name)
        if not getattr(original, "_tells_playback", False):
            setattr(module, name, _asking(original, end))


def _asking(original: Callable[..., str], end: str) -> Callable[..., str]:
    @functools.wraps(original)
    def ask(*args: Any, **kwargs: Any) -> str:  # noqa: ANN401  # whatever Python takes
        from ansible_playback import _native

        seen = _at_terminal()
        if seen:
            prompt = args[0] if args else kwargs.get("prompt", "Password: " if end else "")
            _native.prompts(str(prompt))
        answer = original(*args, **kwargs)
        if seen and end:
            _native.prompts(end)
        return answer

    ask._tells_playback = True  # type: ignore[attr-defined]
    return ask


def _at_terminal() -> bool:
    """Whether input comes from the terminal that shows the output."""
    try:
        return sys.stdin.fileno() == 0 and sys.stdout.fileno() == 1 and os.isatty(0) and os.isatty(1)
    except (AttributeError, OSError, ValueError):
        return False


def _watch_descriptors() -> None:
    """Tells the core about output that bypasses `sys.stdout` by a descriptor, and about programs that can print there.

    The output of such programs cannot be captured. Workers inherit the wrappers, so a fork costs nothing more.
    """
    if hasattr(os.write, "_unwatched"):
        return
    from ansible.executor.process.worker import WorkerProcess
    from ansible_playback import _native

    owner = os.getpid()
    places = {}
    for number in (1, 2):
        try:
            places[number] = _place(number)
        except OSError:
            # It is closed.
            continue
    # Since 2.19, the output of workers is discarded.
    detached = hasattr(WorkerProcess, "_detach")

    def is_ours(number: Any) -> bool:  # noqa: ANN401  # whatever Python takes for a file
        try:
            number = number if isinstance(number, int) else number.fileno()
            return not (detached and os.getpid() != owner) and _place(number) in places.values()
        except (AttributeError, OSError, TypeError, ValueError):
            return False

    write = os.write

    @functools.wraps(write)
    def written(fd: int, data: Any, /) -> int:  # noqa: ANN401  # whatever holds bytes
        count = write(fd, data)
        if fd in places and is_ours(fd):
            # The text is printed even if recording it fails.
            with contextlib.suppress(Exception):
                _native.wrote(fd, bytes(memoryview(data).cast("B")[:count]))
        return count

    written._unwatched = write  # type: ignore[attr-defined]
    os.write = written

    begin = subprocess.Popen.__init__

    @functools.wraps(begin)
    def begun(self: Any, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401  # whatever Python takes
        streams = {"stdout": (1, 4), "stderr": (2, 5)}
        for name, (number, position) in streams.items():
            given = kwargs[name] if name in kwargs else args[position] if len(args) > position else None
            if is_ours(number if given is None else given):
                _native.started_program()
                break
        begin(self, *args, **kwargs)

    subprocess.Popen.__init__ = begun  # type: ignore[method-assign]

    system = os.system

    @functools.wraps(system)
    def run(command: Any) -> int:  # noqa: ANN401  # whatever Python takes
        if is_ours(1) or is_ours(2):
            _native.started_program()
        return system(command)

    os.system = run


def _place(number: int) -> tuple[int, int]:
    about = os.fstat(number)
    return about.st_dev, about.st_ino


def _watch_signals() -> None:
    """Records a signal that ends the process, and passes it on, so that the shell sees no difference."""
    if threading.current_thread() is not threading.main_thread():
        return
    for number in (signal.SIGTERM, signal.SIGHUP):
        before = signal.getsignal(number)
        if before in (None, signal.SIG_IGN) or getattr(before, "_tells_playback", False):
            continue
        signal.signal(number, _handler(before))
        if before is signal.SIG_DFL:
            from ansible_playback import _native

            _native.default_in_workers(number)


def _handler(before: Any) -> Callable[[int, FrameType | None], None]:  # noqa: ANN401  # a handler or a constant
    owner = os.getpid()

    def handle(number: int, frame: FrameType | None) -> None:
        if os.getpid() == owner:
            _end(signal=number)
        if callable(before):
            before(number, frame)
            return
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)

    handle._tells_playback = True  # type: ignore[attr-defined]
    return handle


def _watch_exit() -> None:
    """The fallback if the system does not report the exit code: Ansible ends through `sys.exit`."""
    original = sys.exit
    if getattr(original, "_tells_playback", False):
        return
    owner = os.getpid()

    def leave(status: Any = None, /) -> None:  # noqa: ANN401  # whatever Python takes
        if os.getpid() == owner:
            code = status if isinstance(status, int) else 0 if status is None else 1
            _end(exit_code=int(code) & 0xFF)
        original(status)

    leave._tells_playback = True  # type: ignore[attr-defined]
    sys.exit = leave  # type: ignore[assignment]


def _end(*, exit_code: int | None = None, signal: int | None = None) -> None:
    try:
        from ansible_playback import _native

        sys.stdout.flush()
        lines = _native.end(exit_code=exit_code, signal=signal)
        if lines:
            # Bypasses our own wrapper: lines about an ended run are not part of the next run's output.
            write = getattr(os.write, "_unwatched", os.write)
            write(2, f"{lines}\n".encode())
    except Exception:  # noqa: BLE001  # the process ends in any case
        pass
