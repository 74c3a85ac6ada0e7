import { expect, test } from "vitest";
import { dotted, flatten, matches, valueText } from "./flat";

test("facts become dotted names, in their order", () => {
  const facts: unknown = JSON.parse(
    '{"a": {"b": 1, "c.d": "x"}, "list": ["x", 2], "mounts": [{"at": "/"}, {"at": "/srv"}], "e": {}, "__proto__": {"z": null}}',
  );
  expect(flatten(facts).map(({ path, value }) => `${path}=${value}`)).toEqual([
    "a.b=1",
    'a."c.d"=x',
    'list=["x",2]',
    "mounts.0.at=/",
    "mounts.1.at=/srv",
    "e={}",
    "__proto__.z=null",
  ]);
  expect(flatten({})).toEqual([]);
});

test("a value nested two thousand times deep does no harm", () => {
  let deep: unknown = 1;
  for (let at = 0; at < 2_000; at += 1) {
    deep = { a: deep };
  }
  expect(flatten(deep)).toHaveLength(1);
});

test("paths and values as text", () => {
  expect(dotted(["packages", "vim", "0", "version"])).toBe("packages.vim.0.version");
  expect(dotted([""])).toBe('""');
  expect([undefined, null, true, "a", ["b"]].map(valueText)).toEqual(["", "null", "true", "a", '["b"]']);
});

test("every word must be found, in the name or in the value", () => {
  expect(matches("dist debian", "ansible_distribution", "Debian")).toBe(true);
  expect(matches("dist fedora", "ansible_distribution", "Debian")).toBe(false);
  expect(matches("", "a")).toBe(true);
});
