import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { contrast, paint, readable, rgb } from "./colour";

describe("paint", () => {
  it("uses classes for named colours and weights", () => {
    expect(paint({ fg: 2, bold: true, underline: true })).toEqual({
      classes: ["pbc-bold", "pbc-underline", "pbc-fg-2"],
      properties: [],
    });
    expect(paint({ dim: true }).classes).toEqual(["pbc-dim"]);
  });

  it("gives any other colour per theme", () => {
    const { classes, properties } = paint({ fg: "#ffff00" });
    expect(classes).toEqual(["pbc-fg"]);
    expect(properties.map(([name]) => name)).toEqual(["--pbc-fg-light", "--pbc-fg-dark"]);
    expect(properties[1]?.[1]).toBe("rgb(255 255 0)");
    expect(properties[0]?.[1]).not.toBe("rgb(255 255 0)");
  });

  it("swaps the colours of inverse text", () => {
    expect(new Map(paint({ inverse: true }).properties).get("--pbc-bg-light")).toBe("rgb(21 21 21)");
  });
});

it("makes every text readable on every background", () => {
  const colours = ["#000000", "#ffffff", "#777777", "#808080", "#ff0000", "#0000ff", "#ffff00"] as const;
  const all = [...colours.map(rgb), ...Array.from({ length: 16 }, (_, index) => rgb(index))];
  for (const back of all) {
    for (const front of all) {
      expect(contrast(readable(front, back), back)).toBeGreaterThanOrEqual(4.5);
    }
  }
});

it("has readable named colours in both themes", () => {
  const style = readFileSync(`${import.meta.dirname}/console.css`, "utf8");
  const named = [...style.matchAll(/--pbc-(light|dark)-(\d+): (#[0-9a-f]{6});/g)];
  expect(named).toHaveLength(32);
  for (const [text, theme, , colour = "#000000"] of named) {
    // The plain background, and that of a selected line.
    for (const back of theme === "light"
      ? (["#ffffff", "#fff4cc"] as const)
      : (["#292929", "#3d3319"] as const)) {
      expect(contrast(rgb(`#${colour.slice(1)}`), rgb(back)), text).toBeGreaterThanOrEqual(4.5);
    }
  }
});
