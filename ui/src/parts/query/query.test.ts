import { expect, test } from "vitest";
import { isAboutLines } from "./about";
import { complete, completions, typedAt } from "./complete";
import { filters, quoted, withFilter, withoutField, withoutFilter } from "./edit";
import { SEARCH_FIELDS } from "./fields";
import { tokens } from "./lexer";
import { beforeColumn, queryProblem } from "./problem";

test("a query is split as the collector splits it", () => {
  const query = 'status:failed,"a b" -(x OR /time ?out/) NOT "said \\"no\\"" web:1';
  const said = tokens(query).map((token) =>
    token.kind === "term"
      ? `${token.field ?? ""}=${token.values.map(({ text }) => text).join("|")}`
      : token.kind,
  );
  expect(said).toEqual([
    "status=failed|a b",
    "not",
    "open",
    "=x",
    "or",
    "=/time ?out/",
    "close",
    "not",
    '=said "no"',
    "web=1",
  ]);
});

test("a list is asked about runs or about lines", () => {
  for (const query of ["", "nginx", "host:web-01 /etc/x", '"task:x /a/"', "status:failed", "id:/x"]) {
    expect(isAboutLines(query), query).toBe(false);
  }
  for (const query of ["task:x", "a (b OR -in:output)", "status:failed /time ?out/", "/etc/"]) {
    expect(isAboutLines(query), query).toBe(true);
  }
});

test("what is half typed is split, too", () => {
  for (const query of ['"', "host:", "host:web,", "-", "((", "a:b:c", "/x", ":", ",", "\u{1f600}:x", "a\\"]) {
    const all = tokens(query);
    expect(all.at(-1)?.end ?? 0).toBe(query.length);
  }
});

test("filters are those that must hold", () => {
  const query = "refused host:web-01,web-02 NOT status:failed (module:apt) in:msg";
  expect([...filters(query)]).toEqual([
    ["host", ["web-01", "web-02"]],
    ["in", ["msg"]],
  ]);
  expect(filters("host:a OR host:b").size).toBe(0);
  expect([...filters("constructor:x").keys()]).toEqual(["constructor"]);
});

test("a filter takes the place of those of its field", () => {
  expect(withFilter("", "host", "web-01")).toBe("host:web-01");
  expect(withFilter("host:a refused NOT host:c", "host", "b c")).toBe('refused NOT host:c host:"b c"');
  expect(withFilter("a OR b", "status", "failed")).toBe("(a OR b) status:failed");
  expect(withFilter("x", "task", 'say "hi" (now), \\o/')).toBe('x task:"say \\"hi\\" (now), \\\\o/"');
});

test("a filter goes without leaving a bracket or an operator behind", () => {
  expect(withoutField("a AND host:b AND c", "host")).toBe("a AND c");
  expect(withoutField("host:b AND c", "host")).toBe("c");
  expect(withoutField("host:b", "host")).toBe("");
  expect(withoutFilter("x host:a,b", "host", "a")).toBe("x host:b");
  expect(withoutFilter("x host:a", "host", "a")).toBe("x");
});

test("values are quoted where they must be", () => {
  expect(["web-01", "*", "a b", "", "-x", "site.yml", "/etc/x", "/x/", "AND", "ümlaut"].map(quoted)).toEqual([
    "web-01",
    '"*"',
    '"a b"',
    '""',
    '"-x"',
    "site.yml",
    "/etc/x",
    '"/x/"',
    "AND",
    "ümlaut",
  ]);
});

function offered(query: string, values: readonly string[] = []): string[] {
  const typed = typedAt(query, query.length);
  return typed === undefined ? [] : completions(typed, SEARCH_FIELDS, values).map(({ insert }) => insert);
}

test("fields and values are completed where they may stand", () => {
  expect(offered("refused st")).toEqual(["status:"]);
  expect(offered("NOT (ho")).toEqual(["host:"]);
  expect(offered("-mod")).toEqual(["module:"]);
  expect(offered('"st')).toEqual([]);
  expect(offered("")).toHaveLength(SEARCH_FIELDS.length);
  expect(offered("host:we", ["web-01", "db-01", "my-web"])).toEqual(["web-01", "my-web"]);
  expect(offered("host:web-01,d", ["web-01", "db-01"])).toEqual(["db-01"]);
  expect(offered('task:"Install n', ["Install nginx"])).toEqual(['"Install nginx"']);
});

test("a completion takes the place of what was typed", () => {
  const query = "ho refused";
  const typed = typedAt(query, 2);
  expect(typed && complete(query, typed, "host:")).toEqual({ query: "host: refused", caret: 5 });
  const value = typedAt("host:we", 7);
  expect(value && complete("host:we", value, "web-01")).toEqual({ query: "host:web-01 ", caret: 12 });
});

test("an error leads to its place", () => {
  expect(queryProblem('q: column 8: status = "lost": it must be one of …')).toEqual({
    column: 8,
    text: 'status = "lost": it must be one of …',
  });
  expect(queryProblem("q: it must say what to look for")).toEqual({ text: "it must say what to look for" });
  // Characters count, not UTF-16 units.
  expect(beforeColumn("\u{1f600}\u{1f600} x", 4)).toBe("\u{1f600}\u{1f600} ");
});
