import { describe, expect, it } from "vitest";
import { amount, runCost, runCostParts, runsCost } from "./cost";

describe("an amount", () => {
  it.each([
    ["0", "0.00"],
    ["0.5", "0.50"],
    ["12.345", "12.35"],
    ["9.995", "10.00"],
    ["1234567.891", "1,234,567.89"],
    ["0.05", "0.050"],
    ["0.00012", "0.00012"],
    ["0.000123456", "0.00012"],
    ["0.000000001", "0.000000001"],
    ["123456789012345678901.129999999", "123,456,789,012,345,678,901.13"],
  ])("%s is shown as %s", (text, shown) => {
    expect(amount(text)).toBe(shown);
  });
});

describe("a cost", () => {
  it("of a run without usage is unknown, and not 0", () => {
    const cost = { currency: "EUR", controller: "0.5", unknown: ["usage"] };
    expect(runCost(cost)).toBe("unknown");
    expect(runCostParts(cost)).toBe("controller 0.50, its processor time was not recorded");
  });

  it("of several runs says when it is not the whole", () => {
    const sum = { currency: "EUR", runs: 3, unknown_runs: 0, total: "12.5" };
    expect(runsCost(sum)).toBe("12.50 EUR");
    expect(runsCost({ ...sum, unknown_runs: 1 })).toBe("at least 12.50 EUR");
    expect(runsCost({ currency: "EUR", runs: 1, unknown_runs: 1 })).toBe("unknown");
  });
});
