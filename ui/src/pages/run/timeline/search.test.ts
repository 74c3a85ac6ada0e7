import { describe, expect, it } from "vitest";
import { openTasks, search, toggled } from "./search";

describe("the address of the timeline", () => {
  it("opens and closes tasks", () => {
    expect(toggled({}, 3)).toEqual({ open: "3" });
    expect(toggled({ open: "3", order: "slowest" }, 5)).toEqual({ open: "3.5", order: "slowest" });
    expect(toggled({ open: "3.5" }, 3)).toEqual({ open: "5" });
  });

  it("drops what makes no sense", () => {
    expect(openTasks({ open: "3.x.-1..5" })).toEqual([3, 5]);
    expect(search({ order: "random", open: "" })).toEqual({});
  });
});
