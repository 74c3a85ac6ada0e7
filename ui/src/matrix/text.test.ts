import { describe, expect, it } from "vitest";
import { ellipsis, plainName } from "./text";

const context = { measureText: (text: string) => ({ width: text.length * 10 }) as TextMetrics };

describe("plainName", () => {
  it("drops what would reorder or hide other characters", () => {
    expect(plainName("web\u202e10\n\u001b[31m")).toBe("web10[31m");
  });
});

describe("ellipsis", () => {
  it("cuts texts that are too wide", () => {
    expect(ellipsis(context, "web-01", 60)).toBe("web-01");
    expect(ellipsis(context, "web-01", 40)).toBe("web…");
    expect(ellipsis(context, "web-01", 5)).toBe("");
  });
});
