"""Compares a record with independent sources about the same run (witnesses), and names every difference.

The witnesses are the bytes that were printed, the exit code that the shell got, the printed recap, and the calls of a
callback that shares no code with the recorder. The expected record is derived from these alone, without any code of
Playback.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import math
import re
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from collector import Record
    from machine import Seen

ENDS = {"ok": "ok", "failed": "failed", "skipped": "skipped", "unreachable": "unreachable"}
ITEMS = {"item_ok": "ok", "item_failed": "failed", "item_skipped": "skipped"}
POLLS = {"async_poll": "running", "async_ok": "ok", "async_failed": "failed"}
# What stays of a result that Ansible censored.
CENSORED = {"censored", "changed", "attempts", "retries"}
COUNTS = ("ok", "changed", "unreachable", "failed", "skipped", "rescued", "ignored")
LEFT_OUT = "[Playback left out what was printed here: the task has 'no_log: true']\n"
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
RECAP = re.compile(r"^(.*\S)\s*: " + r"\s+".join(rf"{name}=(\d+)" for name in COUNTS) + r"\s*$")


def differences(seen: Seen, record: Record, version: str, *, supervised: bool) -> list[str]:
    """All differences between the record and the witnesses, each with a name."""
    return [
        *ending(seen, record, supervised=supervised),
        *command(seen, record, version),
        *recap(seen, record),
        *printed(seen, record, supervised=supervised),
        *plays(seen, record),
        *tasks(seen, record),
        *results(seen, record),
        *parts(seen, record),
        *hosts(seen, record),
    ]


def compare(name: str, recorded: Any, true: Any) -> Iterator[str]:  # any JSON
    if recorded != true:
        yield f"{name}: recorded {short(recorded)}, in truth {short(true)}"


def short(value: Any) -> str:  # any JSON
    text = json.dumps(value, ensure_ascii=True, sort_keys=True)
    return text if len(text) <= 600 else f"{text[:600]}… ({len(text)} characters)"


# How it ended


def ending(seen: Seen, record: Record, *, supervised: bool) -> Iterator[str]:
    detail = record.detail
    # Whoever is killed cannot say that it is over; a supervisor can tell what of.
    killed = seen.code == -9
    yield from compare("status", detail["status"], "success" if seen.code == 0 else "failed")
    yield from compare("complete", detail["events"]["complete"], not killed)
    if seen.code >= 0:
        yield from compare("exit_code", detail.get("exit_code"), seen.code)
    else:
        yield from compare("signal", detail.get("signal"), None if killed and not supervised else -seen.code)
    counts = recap_counts(seen.hooks)
    yield from compare("reason", detail.get("reason"), reason(seen, counts, supervised=supervised))
    # A check changes nothing, whatever its recap counts.
    true = not detail.get("check") and any(host["changed"] for host in counts.values())
    yield from compare("changed", detail["changed"], true)
    for field in ("failed", "unreachable"):
        yield from compare(field, detail[field], sorted(host for host, count in counts.items() if count[field]))
    numbers = [event["seq"] for event in record.events]
    yield from compare("sequence", numbers, list(range(1, len(numbers) + 1)))


def reason(seen: Seen, counts: dict[str, dict[str, int]], *, supervised: bool) -> str | None:
    if seen.code == 0:
        return None
    if seen.code == -9 and not supervised:
        return "lost"
    if seen.code < 0 or seen.code in (99, 129, 143):
        return "canceled"
    if any(host["failed"] for host in counts.values()):
        return "task_failed"
    if any(host["unreachable"] for host in counts.values()):
        return "unreachable"
    return "ansible_error"


# What was asked for


def command(seen: Seen, record: Record, version: str) -> Iterator[str]:
    if seen.loaded is None:
        return
    cli, detail = seen.loaded["cli"], record.detail
    asked: dict[str, Any] = {
        "limit": cli.get("subset"),
        "check": cli["check"],
        "diff": cli["diff"],
        "forks": cli["forks"],
        "verbosity": cli["verbosity"],
    }
    if isinstance(cli["args"], str):
        asked |= {"type": "adhoc", "hosts": cli["args"], "module": cli["module_name"]}
    else:
        asked |= {
            "type": "playbook",
            "playbook": " ".join(cli["args"]),
            "tags": [tag for tag in cli["tags"] if tag != "all"],
            "skip_tags": cli["skip_tags"],
        }
    for name, true in asked.items():
        empty = type(true)() if isinstance(true, (bool, int, list)) else None
        yield from compare(name, detail.get(name, empty), true)
    release = detail.get("ansible_version", "")
    yield from compare("ansible_version", ".".join(release.split(".")[:2]), version)


# The recap


def recap_counts(hooks: list[dict[str, Any]], rescued: Collection[str] = ()) -> dict[str, dict[str, int]]:
    """Ansible's own recap, and what came after it where there was no later one.

    No hook says that a failure is handled by a rescue: `rescued` are the tasks of which that is known.
    """
    counts: dict[str, dict[str, int]] = defaultdict(lambda: dict.fromkeys(COUNTS, 0))
    for hook in hooks:
        kind = hook["hook"]
        if kind == "stats":
            # A host that was handed a task and never ended it is not in the recap.
            for host in [host for host, count in counts.items() if not any(count.values())]:
                del counts[host]
            for host, told in hook["hosts"].items():
                counts[host] = {name: told["failures" if name == "failed" else name] for name in COUNTS}
        elif kind == "start":
            counts[hook["host"]]
        elif kind == "include":
            for host in hook["hosts"]:
                counts[host]["ok"] += 1
        elif kind in ENDS and not is_uncounted(hook["action"], kind):
            add_result(counts[hook["host"]], hook, rescued=hook["task"] in rescued)
    return dict(counts)


def is_uncounted(action: str, status: str) -> bool:
    """An include counts when its file is there, and what a play is told about itself not at all."""
    return (action.rpartition(".")[2], status) in (
        ("include_tasks", "ok"),
        ("include_role", "ok"),
        ("include", "ok"),
        ("meta", "skipped"),
    )


def add_result(count: dict[str, int], hook: dict[str, Any], *, rescued: bool) -> None:
    kind = hook["hook"]
    if hook.get("ignored") or (hook["ignore_unreachable"] and kind == "unreachable"):
        count["ok"] += 1
        count["ignored"] += 1
    elif kind in ("ok", "skipped"):
        count[kind] += 1
    elif kind == "unreachable":
        count["unreachable"] += 1
    else:
        count["rescued" if rescued else "failed"] += 1
    if kind == "ok" or (kind == "failed" and hook["ignored"]):
        count["changed"] += bool(hook["returned"].get("changed"))


def recap(seen: Seen, record: Record) -> Iterator[str]:
    recorded = record.detail["stats"]
    yield from compare("stats", recorded, recap_counts(seen.hooks))
    for host, counts in printed_recap(exact(seen.printed)).items():
        yield from compare(f"recap of {host}", recorded.get(host), counts)
    if any(hook["hook"] == "stats" for hook in seen.hooks):
        yield from compare("sum of the results", summed(record), recorded)


def is_redone(hooks: list[dict[str, Any]], at: int) -> bool:
    """Whether a person in the debugger ran the task of a result once more: Ansible takes it out of its recap."""
    result = hooks[at]
    for hook in hooks[at + 1 :]:
        if hook.get("uuid") == result["task"]:
            return bool(hook["hook"] == "start" and hook["host"] == result["host"])
    return False


def summed(record: Record) -> dict[str, dict[str, int]]:
    """The recap that the recorded results add up to: so that each flag of each result is right."""
    sums: dict[str, dict[str, int]] = {host["name"]: dict.fromkeys(COUNTS, 0) for host in record.hosts}
    actions = {task["task"]: task["action"] for task in record.tasks}
    for event in record.of("included"):
        for host in event["data"]["hosts"]:
            sums[host]["ok"] += 1
    for result in record.results:
        count = sums[result["host"]]
        status = result["status"]
        if is_uncounted(actions[result["task"]], status):
            continue
        if result["retracted"]:
            # And one more, whether it had counted as that or not.
            count["ok"] = max(0, count["ok"] - 1)
        elif result["ignored"]:
            count["ok"] += 1
            count["ignored"] += 1
        else:
            count["rescued" if result["rescued"] else status] += 1
        counts = not result["retracted"] and (result["ignored"] or status == "ok")
        count["changed"] += result["changed"] and counts
    return sums


def printed_recap(text: str) -> dict[str, dict[str, int]]:
    """The last recap, below a line that only Ansible prints."""
    lines = COLOUR.sub("", text).splitlines()
    starts = [at for at, line in enumerate(lines) if re.fullmatch(r"PLAY RECAP \*+", line)]
    counts = {}
    for line in lines[starts[-1] + 1 :] if starts else []:
        if found := RECAP.match(line):
            counts[found[1]] = {name: int(found[at + 2]) for at, name in enumerate(COUNTS)}
    return counts


# What was printed


def exact(data: bytes) -> str:
    """Printed bytes as text, so that none is lost."""
    return data.decode(errors="surrogateescape")


def readable(text: str) -> str:
    """What was printed as JSON can hold it: bytes that are no text spelled out, without NUL."""
    data = text.encode(errors="surrogateescape")
    return data.decode(errors="backslashreplace").replace("\0", "")


def printed(seen: Seen, record: Record, *, supervised: bool) -> Iterator[str]:
    true = exact(seen.printed)
    if not supervised:
        # What was printed before Ansible loads its callbacks is out of the recorder's reach.
        loaded = seen.loaded
        if loaded is None:
            return
        if loaded["printed"] is not None:
            true = exact(seen.printed[loaded["printed"] :])
        for answer in seen.typed:
            # What is typed is not recorded, and some prompts show it themselves.
            true = re.sub(rf"{re.escape(answer)}\^M\x1b\[\r\x1b\[\x1b\[K", "", true)
        if loaded["printed"] is None and true.endswith(record.output):
            true = record.output
        # With -vvvv the recorder's own coming is told before it is there.
        true = re.sub(r"^Loading callback plugin playback\.history\.recorder .*\n", "", true)
    recorded = record.output
    # A text whose last line is open is served with that line ended.
    if recorded != true and not (recorded.endswith("\n") and recorded[:-1] == true):
        yield from output_differences(recorded.splitlines(keepends=True), true.splitlines(keepends=True))
    yield from compare("output_lines", record.detail["output_lines"], len(record.detail["output"]))
    joined = "".join(f"{line}\n" for line in record.detail["output"])
    yield from compare("output", joined.rstrip("\n"), readable(recorded).rstrip("\n"))


def output_differences(recorded: list[str], true: list[str]) -> Iterator[str]:
    """Only what Ansible prints of a task with `no_log` in an error's block may give way, to one line."""
    matcher = difflib.SequenceMatcher(None, recorded, true, autojunk=False)
    for kind, a, b, c, d in matcher.get_opcodes():
        if kind == "equal" or (kind == "replace" and recorded[a:b] == [LEFT_OUT]):
            continue
        yield f"output: recorded {short(''.join(recorded[a:b]))}, printed {short(''.join(true[c:d]))}"


# Plays and tasks


def plays(seen: Seen, record: Record) -> Iterator[str]:
    true = [
        {"name": hook["name"], "hosts": pattern(hook["hosts"]), "strategy": hook["strategy"]}
        for hook in seen.hooks
        if hook["hook"] == "play"
    ]
    recorded = [{name: play[name] for name in ("name", "hosts", "strategy")} for play in record.plays]
    yield from compare("plays", recorded, kept(true))
    yield from compare("play numbers", [play["play"] for play in record.plays], list(range(1, len(true) + 1)))
    yield from times("play", seen, "play", [event["at"] for event in record.of("play_started")])


def pattern(hosts: Any) -> str:  # a text or a list of them
    return hosts if isinstance(hosts, str) else ",".join(str(host) for host in hosts)


def is_template(value: Any) -> bool:  # whatever a playbook may say
    return isinstance(value, str) and "{{" in value


def description(task: dict[str, Any], hooks: Sequence[dict[str, Any]] = ()) -> dict[str, Any]:
    """A task as the record must describe it, from what Ansible told of it. What templates came to, its results tell."""
    path, _, line = task["path"].rpartition(":")
    no_log = task["no_log"] not in (None, False)
    action = task["action"]
    looped = {(hook["task"], hook["host"]) for hook in hooks if hook["hook"] in ITEMS}
    own = [
        hook
        for hook in hooks
        if (hook["hook"] in ITEMS or (hook["hook"] in ENDS and (hook["task"], hook["host"]) not in looped))
        and hook["task"] == task["uuid"]
    ]
    if isinstance(task["no_log"], str) and own:
        no_log = any(is_censored(hook["returned"]) for hook in own)
    if is_template(action) and (ran := distinct(hook["action"] for hook in own)):
        action = ran
    described = {
        "name": task["name"] or task["action"],
        "action": action,
        "path": path,
        "line": int(line) if line else None,
        "role": task["role"],
        "tags": task["tags"],
        "no_log": no_log,
    }
    return dict(kept(described))


def distinct(names: Iterable[str]) -> str:
    """Names that are no templates any more, each once, joined as a record joins them."""
    return ",".join(sorted({name for name in names if name and not is_template(name)}))


def is_censored(returned: dict[str, Any]) -> bool:
    return "censored" in returned or returned.get("_ansible_no_log") not in (None, False)


def described(task: dict[str, Any]) -> dict[str, Any]:
    names = ("name", "action", "path", "line", "role", "tags", "no_log")
    blank = {"path": "", "line": None, "role": ""}
    told = {name: task[name] if name in task else blank[name] for name in names}
    return told | {"action": distinct(task["action"].split(",")) or task["action"]}


def tasks(seen: Seen, record: Record) -> Iterator[str]:
    """Each announcement is a task; where hosts do not go in step, it is announced once a host."""
    true: Counter[str] = Counter()
    handlers: Counter[bool] = Counter()
    for play in by_play(seen.hooks):
        announced = [hook for hook in play if hook["hook"] == "task"]
        begun = Counter((hook["uuid"], hook["host"]) for hook in play if hook["hook"] == "start")
        most: dict[str, int] = defaultdict(int)
        for (uuid, _), times_begun in begun.items():
            most[uuid] = max(most[uuid], times_begun)
        in_step = not any(word in play[0].get("strategy", "") for word in ("free", "host_pinned"))
        done: set[str] = set()
        for hook in announced:
            known = hook["uuid"] in done
            if not in_step and known:
                continue
            done.add(hook["uuid"])
            # A person in the debugger may run it once more without an announcement.
            again = max(0, most[hook["uuid"]] - sum(other["uuid"] == hook["uuid"] for other in announced))
            times_run = 1 + (0 if known else again) if in_step else max(1, most[hook["uuid"]])
            true[short(description(hook, seen.hooks))] += times_run
            handlers[hook["handler"]] += times_run
    yield from compare("tasks", dict(Counter(short(described(task)) for task in record.tasks)), dict(true))
    yield from compare("handlers", dict(Counter(task["handler"] for task in record.tasks)), dict(handlers))

    for task in record.tasks:
        own = [result for result in record.results if result["task"] == task["task"]]
        for status in ENDS.values():
            counted = sum(result["status"] == status for result in own)
            yield from compare(f"{status} of task {task['name']!r}", task[status], counted)
        for flag in ("changed", "ignored"):
            yield from compare(f"{flag} of task {task['name']!r}", task[flag], sum(result[flag] for result in own))


def by_play(hooks: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """Hooks of each play, what comes before the first play left out."""
    found: list[list[dict[str, Any]]] = []
    for hook in hooks:
        if hook["hook"] == "play":
            found.append([])
        if found:
            found[-1].append(hook)
    return found


# Results


def results(seen: Seen, record: Record) -> Iterator[str]:
    true = [hook for hook in seen.hooks if hook["hook"] in ENDS]
    yield from compare("results", len(record.results), len(true))
    yield from compare("results of the record", record.detail["results"], len(true))
    yield from times("result", seen, tuple(ENDS), [result["event"]["at"] for result in record.results])
    adhoc = record.detail["type"] == "adhoc"
    starts = started(seen.hooks)
    items = item_counts(seen.hooks)
    announced = announcements(seen.hooks)
    delegates = delegations(seen.hooks)
    retried = retries(seen.hooks)
    places = [at for at, hook in enumerate(seen.hooks) if hook["hook"] in ENDS]
    yield from printed_delegations(seen, record)
    tasks = {task["task"]: task for task in record.tasks}
    for at, (result, hook) in enumerate(zip(record.results, true, strict=False)):
        name = f"result {at + 1} ({hook['host']}, {result['task_name']!r})"
        returned, data = hook["returned"], result["event"]["data"]
        yield from compare(f"{name}: host", result["host"], kept(hook["host"]))
        yield from compare(f"{name}: status", result["status"], ENDS[hook["hook"]])
        yield from compare(f"{name}: changed", result["changed"], bool(returned.get("changed")))
        ignored = hook.get("ignored", False) or (hook["hook"] == "unreachable" and hook["ignore_unreachable"])
        yield from compare(f"{name}: ignored", result["ignored"], ignored)
        yield from compare(f"{name}: attempts", data.get("attempts"), returned.get("attempts"))
        yield from compare(f"{name}: retried", result["retried"], retried[at])
        redone = is_redone(seen.hooks, places[at])
        yield from compare(f"{name}: retracted", result["retracted"], redone)
        yield from compare(f"{name}: items", data.get("items", 0), items[at])
        yield from compare(f"{name}: loop", result["loop"], items[at] > 0)
        delegate = delegates[at]
        yield from compare(f"{name}: delegated_to", sorted((data.get("delegated_to") or "").split(",")), delegate)
        served = sorted((result.get("delegated_to") or "").split(","))
        yield from compare(f"{name}: served delegated_to", served, delegate)
        yield from compare(f"{name}: delegated", result["delegated"], delegate != [""])
        if task := announced[at]:
            yield from compare(f"{name}: task", described(tasks[result["task"]]), description(task, seen.hooks))
            if is_template(task["action"]) and items[at] == 0:
                yield from compare(f"{name}: action", result["action"], hook["action"])
        true_content = content(returned, items_sent=items[at] > 0, adhoc=adhoc)
        yield from compare_content(f"{name}: content", data.get("content", {}), true_content)
        if start := starts[at]:
            begun = data.get("started") or 0
            if not is_within(begun, start["at"], start["over"], seen):
                yield f"{name}: started {begun}, in truth from {start['at']} to {start['over']}"
            took = (result["event"]["at"] - begun) / 1e6
            yield from compare(f"{name}: duration", result.get("duration"), took)


def started(hooks: list[dict[str, Any]]) -> list[dict[str, Any] | None]:
    """For each result the hook that handed its task to its host."""
    open_starts: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    found: list[dict[str, Any] | None] = []
    for at, hook in enumerate(hooks):
        if hook["hook"] == "start":
            over = next((later["at"] for later in hooks[at:] if later["hook"] == "after"), hook["at"])
            open_starts[hook["host"], hook["uuid"]].append({"at": hook["at"], "over": over})
        elif hook["hook"] in ENDS:
            waiting = open_starts[hook["host"], hook["task"]]
            found.append(waiting.pop() if waiting else None)
    return found


def item_counts(hooks: list[dict[str, Any]]) -> list[int]:
    """For each result how many items of its task ended on its host."""
    counts: Counter[tuple[str, str]] = Counter()
    found = []
    for hook in hooks:
        if hook["hook"] in ITEMS:
            counts[hook["host"], hook["task"]] += 1
        elif hook["hook"] in ENDS:
            found.append(counts.pop((hook["host"], hook["task"]), 0))
    return found


def delegate(hook: dict[str, Any]) -> str:
    """The other host that ran it, or was to run it; empty where there is none.

    An include, or what a condition skipped, is run by nobody else, whatever its task says.
    """
    name = hook["delegate_to"] or ""
    if hook["hook"].removeprefix("item_") in ("ok", "skipped") and "_ansible_delegated_vars" not in hook["returned"]:
        return ""
    return "" if is_template(name) or name == hook["host"] else str(name)


def delegations(hooks: list[dict[str, Any]]) -> list[list[str]]:
    """For each result the other hosts that ran it, or its items."""
    names: dict[tuple[str, str], list[str]] = defaultdict(list)
    found = []
    for hook in hooks:
        if hook["hook"] in ITEMS:
            names[hook["host"], hook["task"]].append(delegate(hook))
        elif hook["hook"] in ENDS:
            of_items = names.pop((hook["host"], hook["task"]), None)
            found.append(sorted(set(filter(None, of_items)) or [""]) if of_items else [delegate(hook)])
    return found


def retries(hooks: list[dict[str, Any]]) -> list[bool]:
    """For each result whether it, or an item of it, was tried more than once."""
    again: set[tuple[str, str]] = set()
    found = []
    for hook in hooks:
        if hook["hook"] == "retry":
            again.add((hook["host"], hook["task"]))
        elif hook["hook"] in ENDS:
            key = (hook["host"], hook["task"])
            found.append(key in again or (hook["returned"].get("attempts") or 0) > 1)
            again.discard(key)
    return found


def printed_delegations(seen: Seen, record: Record) -> Iterator[str]:
    """Each `[web1 -> db1]` that Ansible's default callback prints is in the record."""
    if seen.loaded is None or not any(hook["hook"] == "play" for hook in seen.hooks):
        return
    lines = COLOUR.sub("", exact(seen.printed)).splitlines()
    found = (
        re.match(r"(?:ok|changed|fatal|failed): \[([^\s\]]+) -> ([^\s\]({]+)(?:\([^)\]]*\))?\](?:: | =>|$)", line)
        for line in lines
    )
    shown = {(match[1], match[2]) for match in found if match and match[1] != match[2]}
    told = {
        (event["data"]["host"], event["data"].get("delegated_to", ""))
        for event in [*record.of("item"), *record.of("result")]
    }
    yield from compare("printed delegations", sorted(shown - told), [])


def announcements(hooks: list[dict[str, Any]]) -> list[dict[str, Any] | None]:
    """For each result the latest announcement of its task."""
    latest: dict[str, dict[str, Any]] = {}
    found = []
    for hook in hooks:
        if hook["hook"] == "task":
            latest[hook["uuid"]] = hook
        elif hook["hook"] in ENDS:
            found.append(latest.get(hook["task"]))
    return found


def compare_content(name: str, recorded: dict[str, Any], true: dict[str, Any]) -> Iterator[str]:
    """Texts may be cut in the middle, when the record says so, and says what there was."""
    recorded = dict(recorded)
    for cut in recorded.pop("playback_cut", []):
        key = cut["path"]
        whole, kept_text = str(true.get(key, "")).encode(), str(recorded.get(key, ""))
        if cut.get("bytes") != len(whole) or cut.get("sha256") != hashlib.sha256(whole).hexdigest():
            yield f"{name}: cut {short(cut)}, in truth {len(whole)} bytes"
        if whole[:1000].decode() != kept_text[:1000] or whole[-1000:].decode() != kept_text[-1000:]:
            yield f"{name}: head or tail of {key} was cut"
        recorded[key] = true.get(key)
    yield from compare(name, recorded, true)


def content(returned: dict[str, Any], *, items_sent: bool, adhoc: bool = False) -> dict[str, Any]:
    """What a record keeps of what a module returned: all but what is told elsewhere or must not be kept."""
    censored = "censored" in returned or returned.get("_ansible_no_log") not in (None, False)
    whole: dict[str, Any] = {}
    for key, value in returned.items():
        if censored:
            if key in CENSORED:
                whole[key] = value
            elif key == "results" and not items_sent:
                whole[key] = [content(item, items_sent=False) if isinstance(item, dict) else "***" for item in value]
            continue
        if key.startswith("_ansible_") or key in ("ansible_facts", "invocation"):
            continue
        if key in ("stdout_lines", "stderr_lines") and key.removesuffix("_lines") in returned:
            continue
        if key == "results" and items_sent and isinstance(value, list):
            continue
        if key == "failed_when_suppressed_exception" and str(value).startswith("(traceback unavailable)"):
            # 2.19 keeps the message of the error there, and hides it from the callbacks of older versions.
            value = returned["msg"]
        if key == "exception" and (value is None or str(value).startswith("(traceback unavailable)")):
            continue
        if key == "cmd" and adhoc:
            # What a person typed may be secret, and is not recorded unless they ask for it.
            value = "***"
        if key == "deprecations":
            # 2.19 tells who deprecates it twice.
            value = [{name: told[name] for name in told if name != "deprecator" and told[name]} for told in value]
        whole[key] = value
    return dict(kept(whole))


# What happens between begin and end


def parts(seen: Seen, record: Record) -> Iterator[str]:
    """Items, retries, polls, facts, notifications, includes: one event each, in order."""
    yield from sequence("item", seen, record, ITEMS, item)
    numbers = iter(attempts(seen.hooks))
    yield from sequence("retry", seen, record, {"retry": ""}, lambda hook: retry(hook, next(numbers)))
    yield from sequence("async_poll", seen, record, POLLS, poll)
    yield from sequence(
        "notified", seen, record, {"notify": ""}, lambda hook: {k: hook[k] for k in ("handler", "host")}
    )
    yield from sequence("included", seen, record, {"include": ""}, included)
    begun = [hook["host"] for hook in seen.hooks if hook["hook"] == "start"]
    yield from compare("host_started", [event["data"]["host"] for event in record.of("host_started")], kept(begun))
    yield from times("host_started", seen, "start", [event["at"] for event in record.of("host_started")])
    yield from facts(seen, record)


def sequence(kind: str, seen: Seen, record: Record, hooks: dict[str, str], expected: Any) -> Iterator[str]:
    true = [hook for hook in seen.hooks if hook["hook"] in hooks]
    events = record.of(kind)
    yield from compare(f"{kind} events", len(events), len(true))
    yield from times(kind, seen, tuple(hooks), [event["at"] for event in events])
    for at, (event, hook) in enumerate(zip(events, true, strict=False)):
        want = kept(expected(hook))
        data = event["data"]
        for name, value in want.items():
            if name == "content":
                yield from compare_content(f"{kind} {at + 1}: content", data.get(name, {}), value)
                continue
            absent = [] if name == "hosts" else type(value)()
            yield from compare(f"{kind} {at + 1}: {name}", data.get(name, absent), value)


def item(hook: dict[str, Any]) -> dict[str, Any]:
    returned = hook["returned"]
    return {
        "host": hook["host"],
        "status": ITEMS[hook["hook"]],
        "changed": bool(returned.get("changed")),
        "attempts": returned.get("attempts"),
        "delegated_to": delegate(hook) or None,
        "content": content(returned, items_sent=False),
    }


def attempts(hooks: list[dict[str, Any]]) -> list[int]:
    """For each retry which attempt failed: 1, 2, 3 … of a host's task, or of one item of its loop.

    Counted, because what Ansible says, and prints as `N retries left`, is the next attempt's number since 2.21.
    """
    failed: dict[tuple[str, str], int] = defaultdict(int)
    found = []
    for hook in hooks:
        if hook["hook"] == "retry":
            failed[hook["host"], hook["task"]] += 1
            found.append(failed[hook["host"], hook["task"]])
        elif hook["hook"] in ITEMS or hook["hook"] in ENDS:
            failed.pop((hook["host"], hook["task"]), None)
    return found


def retry(hook: dict[str, Any], attempt: int) -> dict[str, Any]:
    returned = hook["returned"]
    return {
        "host": hook["host"],
        "attempt": attempt,
        "retries": returned.get("retries", 0),
        "content": content(returned, items_sent=False),
    }


def poll(hook: dict[str, Any]) -> dict[str, Any]:
    job = hook["returned"].get("ansible_job_id", "")
    return {"host": hook["host"], "job": job, "state": POLLS[hook["hook"]]}


def included(hook: dict[str, Any]) -> dict[str, Any]:
    return {"path": hook["path"], "hosts": hook["hosts"]}


def facts(seen: Seen, record: Record) -> Iterator[str]:
    true = []
    for hook in seen.hooks:
        if hook["hook"] not in ENDS and hook["hook"] not in ITEMS:
            continue
        returned = hook["returned"]
        found = returned.get("ansible_facts")
        censored = "censored" in returned or returned.get("_ansible_no_log") not in (None, False)
        if not censored and isinstance(found, dict) and found:
            # The environment's variables are no facts that anybody asked for.
            found = {key: value for key, value in found.items() if key not in ("env", "ansible_env")}
            delegated = "_ansible_delegated_vars" in returned and hook["delegate_facts"]
            true.append({"host": hook["delegate_to"] if delegated else hook["host"], "facts": found})
    recorded = [
        {"host": event["data"]["host"], "facts": event["data"].get("facts", {})} for event in record.of("facts")
    ]
    yield from compare("facts", recorded, kept(true))


def running(hooks: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Host → the task that it was handed and has not ended."""
    at_work: dict[str, dict[str, Any]] = {}
    for hook in hooks:
        if hook["hook"] == "start":
            at_work[hook["host"]] = description(hook)
        elif hook["hook"] in ENDS:
            at_work.pop(hook["host"], None)
    return at_work


def hosts(seen: Seen, record: Record) -> Iterator[str]:
    """Nothing runs any more, or it is known what did when the run was lost; the parts say what the record says."""
    tasks = {task["task"]: described(task) for task in record.tasks}
    at_work = {host["name"]: tasks[host["running_task"]] for host in record.hosts if "running_task" in host}
    yield from compare("what runs", at_work, running(seen.hooks) if seen.code == -9 else {})
    for host in record.hosts:
        counts = {name: host[name] for name in COUNTS}
        yield from compare(f"counts of {host['name']}", counts, record.detail["stats"].get(host["name"]))


# Helpers


# A run's clock begins before Ansible loads its callbacks, and so before the first witness: by so many microseconds at
# the most, on a busy machine.
LOADING_US = 10_000_000


def is_within(at: int, begun: int, over: int, seen: Seen) -> bool:
    """Times of a record go on by themselves, while the witnesses' clock is slewed: by half a thousandth at the most."""
    slewed = 2 + (over - seen.hooks[0]["at"] + LOADING_US) // 2000
    return bool(begun - slewed <= at <= over + slewed)


def times(name: str, seen: Seen, hooks: str | tuple[str, ...], recorded: list[int]) -> Iterator[str]:
    """The recorder's hook ran between the witness before it and the witness behind it."""
    names = (hooks,) if isinstance(hooks, str) else hooks
    spans = []
    for at, hook in enumerate(seen.hooks):
        if hook["hook"] in names:
            over = next((later["at"] for later in seen.hooks[at:] if later["hook"] == "after"), None)
            spans.append((hook["at"], over))
    for number, (at, (begun, over)) in enumerate(zip(recorded, spans, strict=False)):
        if over is not None and not is_within(at, begun, over, seen):
            yield f"time of {name} {number + 1}: recorded {at}, in truth from {begun} to {over}"


def kept(value: Any) -> Any:  # any JSON
    """A value as a record can hold it: JSON, Unicode, numbers that every reader takes."""
    if isinstance(value, str):
        return readable_text(value)
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int):
        return value if -(2**63) <= value < 2**63 else str(value)
    if isinstance(value, float):
        if math.isnan(value):
            return "NaN"
        return value if math.isfinite(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, dict):
        return {readable_text(key): kept(entry) for key, entry in value.items()}
    return [kept(entry) for entry in value]


def readable_text(text: str) -> str:
    """Bytes that were no text when Ansible read them are spelled out; NUL goes."""
    try:
        text.encode()
    except UnicodeEncodeError:
        text = "".join(spelled(character) for character in text)
    return text.replace("\0", "")


def spelled(character: str) -> str:
    return f"\\u{ord(character):04x}" if 0xD800 <= ord(character) <= 0xDFFF else character
