import { describe, expect, it } from "vitest";
import { itemLabel, readContent, readEvent } from "./content";

describe("readContent", () => {
  it("sorts what a command returned", () => {
    const content = readContent({
      changed: true,
      rc: 3,
      msg: "The command exited with a non-zero return code.",
      cmd: ["echo", "two words", "it's"],
      stdout: "",
      stderr: "no",
      delta: "0:00:00.1",
      warnings: ["Slow.", { msg: "Old." }],
    });
    expect(content.message).toBe("The command exited with a non-zero return code.");
    expect(content.command).toBe("echo 'two words' 'it'\\''s'");
    expect(content.exitCode).toBe(3);
    expect(content.stdout).toBeUndefined();
    expect(content.stderr).toBe("no");
    expect(content.warnings).toEqual(["Slow.", "Old."]);
    expect(content.others).toEqual([["delta", "0:00:00.1"]]);
  });

  it("keeps a field that is called __proto__", () => {
    const content = readContent(JSON.parse('{"__proto__": "hostile", "<b>": 1}'));
    expect(content.others).toEqual([
      ["__proto__", "hostile"],
      ["<b>", 1],
    ]);
  });

  it("takes one difference or several, and anything instead of an object", () => {
    expect(readContent({ diff: { before: "a", after: "b" } }).diffs).toHaveLength(1);
    expect(readContent({ diff: [{ prepared: "x" }, {}, null] }).diffs).toHaveLength(1);
    expect(readContent(null).others).toEqual([]);
    expect(readContent([1, 2]).message).toBeUndefined();
  });
});

describe("readEvent", () => {
  it("reads marks", () => {
    const event = readEvent({ kind: "result", data: { status: "failed", attempts: 3, censored: true } });
    expect(event).toMatchObject({ status: "failed", attempts: 3, isCensored: true, isDamaged: false });
    expect(readEvent({ kind: "damaged", data: {} }).isDamaged).toBe(true);
    expect(readEvent(undefined).status).toBe("ok");
  });
});

describe("itemLabel", () => {
  it("calls items as Ansible does", () => {
    expect(itemLabel(readContent({ ansible_loop_var: "user", user: "ann", item: "b" }))).toBe("ann");
    expect(itemLabel(readContent({ _ansible_item_label: { name: "x" }, item: "b" }))).toBe('{"name":"x"}');
    expect(itemLabel(readContent({}))).toBeUndefined();
  });
});
