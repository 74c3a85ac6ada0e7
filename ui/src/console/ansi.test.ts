import { describe, expect, it } from "vitest";
import { parseLine, plainText } from "./ansi";

const E = "\u001b";

describe("colours and weights", () => {
  it("leaves plain text alone", () => {
    expect(parseLine("ok: [web-01]\t# ü 漢")).toEqual([{ text: "ok: [web-01]\t# ü 漢", style: {} }]);
    expect(parseLine("")).toEqual([]);
  });

  it("knows the named, the 256 and the true colours", () => {
    expect(parseLine(`${E}[0;32mok${E}[0m end`)).toEqual([
      { text: "ok", style: { fg: 2 } },
      { text: " end", style: {} },
    ]);
    expect(parseLine(`${E}[1;91;44mx`)).toEqual([{ text: "x", style: { bold: true, fg: 9, bg: 4 } }]);
    expect(parseLine(`${E}[38;5;208mx`)[0]?.style.fg).toBe("#ff8700");
    expect(parseLine(`${E}[38;5;244mx`)[0]?.style.fg).toBe("#808080");
    expect(parseLine(`${E}[48;2;1;2;300mx`)[0]?.style.bg).toBe("#0102ff");
    expect(parseLine(`${E}[38:2::1:2:3mx`)[0]?.style.fg).toBe("#010203");
    expect(parseLine(`${E}[38;5;300mx`)[0]?.style.fg).toBeUndefined();
  });

  it("switches each weight off again", () => {
    const spans = parseLine(`${E}[1;2;3;4;7;9ma${E}[22;23;24;27;29mb`);
    expect(spans[0]?.style).toEqual({
      bold: true,
      dim: true,
      italic: true,
      underline: true,
      inverse: true,
      strike: true,
    });
    expect(Object.values(spans[1]?.style ?? {}).some(Boolean)).toBe(false);
  });

  it("does not hide text that asks to be concealed", () => {
    expect(plainText(`${E}[8msecret${E}[28m`)).toBe("secret");
  });
});

describe("sequences without effect", () => {
  it("drops what moves the cursor or clears the screen", () => {
    expect(plainText(`a${E}[2J${E}[H${E}[10;10Hb${E}[3Ac${E}7${E}8${E}c${E}(Bd`)).toBe("abcd");
  });

  it("drops titles and clipboard writes, and keeps the text of links", () => {
    expect(plainText(`${E}]0;title\u0007a${E}]52;c;aGk=${E}\\b`)).toBe("ab");
    expect(plainText(`${E}]8;;javascript:alert(1)${E}\\here${E}]8;;${E}\\`)).toBe("here");
    expect(plainText(`${E}Pq#0${E}\\x`)).toBe("x");
  });

  it("shows a sequence that never ends instead of swallowing the line", () => {
    expect(plainText(`${E}]0;title`)).toBe("^[]0;title");
    expect(plainText(`${E}[31`)).toBe("^[[31");
    expect(plainText(`end${E}`)).toBe("end^[");
  });
});

describe("carriage returns", () => {
  it("rewrites the line from its start", () => {
    expect(plainText("10 %\r20 %\r100 %")).toBe("100 %");
    expect(plainText("a long text\rnew")).toBe("newong text");
    expect(plainText(`a long text\rnew${E}[K`)).toBe("new");
  });

  it("ignores the one of a Windows newline", () => {
    expect(plainText("text\r")).toBe("text");
  });

  it("keeps colours of what was rewritten", () => {
    expect(parseLine(`${E}[31mab\r${E}[32mc`)).toEqual([
      { text: "c", style: { fg: 2 } },
      { text: "b", style: { fg: 1 } },
    ]);
  });
});

describe("characters that are not seen", () => {
  it("shows control characters", () => {
    expect(plainText("a\u0000b\u0008c\u007fd\u009be")).toBe("a^@b^Hc^?d⟨9B⟩e");
  });

  it("neutralises marks that change the direction of text", () => {
    const spans = parseLine("user\u202egnp.exe\u202c \u200f\u2067x\u2069");
    expect(spans.map((span) => span.text).join("")).toBe("user⟨RLO⟩gnp.exe⟨PDF⟩ ⟨RLM⟩⟨RLI⟩x⟨PDI⟩");
    expect(spans.filter((span) => span.style.mark)).toHaveLength(5);
  });
});

describe("long lines", () => {
  it("parses a megabyte without a newline quickly", () => {
    const line = `${E}[31m${"x".repeat(500_000)}${E}[0m${"y".repeat(500_000)}`;
    const start = performance.now();
    expect(plainText(line)).toHaveLength(1_000_000);
    expect(performance.now() - start).toBeLessThan(1000);
  });

  it("takes linear time for unfinished sequences", () => {
    const start = performance.now();
    plainText(`${E}]`.repeat(50_000));
    plainText("\u001b[1".repeat(50_000));
    plainText(`${"x".repeat(500_000)}${"\r".repeat(50_000)}y`);
    expect(performance.now() - start).toBeLessThan(3000);
  });
});
