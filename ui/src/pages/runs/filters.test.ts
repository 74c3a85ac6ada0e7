// @vitest-environment happy-dom
import { expect, test } from "vitest";
import { parseSearch, stringifySearch } from "../../app/search";
import { exportsOf, filterOf } from "./exports";
import { apiFilters, chips, isFiltered, listQuery } from "./filters";
import { search } from "./search";
import { OWN_VIEWS } from "./views";

const read = (text: string) => search(parseSearch(text));
const NOW = new Date("2026-01-20T10:07:09Z");

test("the address is the list's question", () => {
  const address = "?q=nginx&status=failed&host=web-01&changed=true&since=24h&sort=duration&cursor=x";
  expect(listQuery(read(address), NOW, "utc")).toEqual({
    q: "nginx",
    status: "failed",
    host: "web-01",
    changed: true,
    start_date: "2026-01-19T10:00:00.000Z",
    sort: "duration",
    cursor: "x",
    limit: 50,
  });
  expect(apiFilters(read("?since=today"), NOW, "utc")).toEqual({ start_date: "2026-01-20T00:00:00.000Z" });
});

test("runs that are found by their lines come in one order, whatever the address says", () => {
  for (const q of ["task:x", "in:stderr", "/timed out/"]) {
    const search = { ...read("?sort=duration&order=asc"), q };
    expect(listQuery(search, NOW, "utc")).toEqual({ q, limit: 50 });
  }
});

test("what the list does not know is dropped", () => {
  expect(read("?status=lost&since=ever&changed=maybe&min_duration=-1&x=1")).toEqual({});
});

test("each filter has a chip in words", () => {
  const search = read("?reason=task_failed&changed=no&since=7d&min_duration=90&q=x");
  expect(chips(search).map(({ label, value }) => `${label}: ${value}`)).toEqual([
    "reason: task failed",
    "changed: no",
    "started: in the last 7 days",
    "took at least: 1 min 30 s",
  ]);
  expect(chips(read("?host=web_01"))[0]?.value).toBe("web_01");
  expect(isFiltered(search)).toBe(true);
  expect(isFiltered(read("?sort=duration"))).toBe(false);
});

test("exports take the same filters", () => {
  expect(exportsOf(filterOf(["a1", "b2"]))[0]?.download).toBe(
    "/api/v1/ansible/export?q=id%3Aa1%2Cb2&what=executions&format=csv",
  );
});

test("our own views are addresses of the list", () => {
  for (const { query } of OWN_VIEWS) {
    expect(stringifySearch({ ...read(query) }).slice(1)).toBe(query);
  }
});
