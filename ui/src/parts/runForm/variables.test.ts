import { expect, test } from "vitest";
import { NO_VARIABLES, readVariables, type VariablesInput } from "./variables";

const rows = (...pairs: [string, string][]): VariablesInput => ({
  ...NO_VARIABLES,
  rows: pairs.map(([name, value], key) => ({ key, name, value })),
});
const text = (typed: string): VariablesInput => ({ ...NO_VARIABLES, mode: "text", text: typed });

test("rows are texts; empty rows do not count", async () => {
  expect(await readVariables(rows(["version", "1.2"], ["", ""]))).toEqual({ version: "1.2" });
  expect(await readVariables(rows(["", ""]))).toBeUndefined();
  expect(await readVariables(NO_VARIABLES)).toBeUndefined();
});

test("rows that are not finished are refused, by name", async () => {
  await expect(readVariables(rows(["release", ""]))).rejects.toThrow("release has no value");
  await expect(readVariables(rows(["", "x"]))).rejects.toThrow("has no name");
  await expect(readVariables(rows(["a", "1"], ["a", "2"]))).rejects.toThrow("twice");
});

test("a text is read as Ansible reads YAML", async () => {
  expect(await readVariables(text("version: 1.2\nforce: yes\nhosts: [a, b]"))).toEqual({
    version: 1.2,
    force: true,
    hosts: ["a", "b"],
  });
  expect(await readVariables(text('{"a": {"b": null}}'))).toEqual({ a: { b: null } });
  expect(await readVariables(text("# nothing"))).toBeUndefined();
});

test("names of every kind are kept", async () => {
  expect(JSON.stringify(await readVariables(text('"__proto__": 1')))).toBe('{"__proto__":1}');
  expect(JSON.stringify(await readVariables(rows(["__proto__", "1"])))).toBe('{"__proto__":"1"}');
});

test("what is no YAML, and what names nothing, is refused", async () => {
  await expect(readVariables(text("a: [1"))).rejects.toThrow();
  await expect(readVariables(text("- a"))).rejects.toThrow("names with values");
  await expect(readVariables(text("just words"))).rejects.toThrow("names with values");
  // Its meaning is Ansible's own: it cannot be sent as JSON.
  await expect(readVariables(text("a: !vault x"))).rejects.toThrow("!vault");
});
