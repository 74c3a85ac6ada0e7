import { expect, it } from "vitest";
import { clicked, formatHash, parseHash, parseTyped } from "./selection";

it("reads and writes the address", () => {
  expect(parseHash("#L120")).toEqual({ from: 119, to: 119 });
  expect(parseHash("#L120-L140")).toEqual({ from: 119, to: 139 });
  expect(parseHash("L140-120")).toEqual({ from: 119, to: 139 });
  expect(formatHash({ from: 119, to: 139 })).toBe("L120-L140");
  expect(formatHash({ from: 0, to: 0 })).toBe("L1");
  for (const other of ["", "#", "#L0", "#L", "#x", "#L1-", "#L1-L2-L3", "#L12345678901"]) {
    expect(parseHash(other)).toBeUndefined();
  }
});

it("reads what people type", () => {
  expect(parseTyped(" 120 ")).toEqual({ from: 119, to: 119 });
  expect(parseTyped("l120 - l140")).toEqual({ from: 119, to: 139 });
  expect(parseTyped("abc")).toBeUndefined();
});

it("extends from where the selection began", () => {
  expect(clicked(undefined, undefined, 5, true)).toEqual({ from: 5, to: 5 });
  expect(clicked({ from: 5, to: 5 }, 5, 9, true)).toEqual({ from: 5, to: 9 });
  expect(clicked({ from: 5, to: 9 }, 5, 2, true)).toEqual({ from: 2, to: 5 });
  expect(clicked({ from: 5, to: 9 }, 5, 7, false)).toEqual({ from: 7, to: 7 });
});
