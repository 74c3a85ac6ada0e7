// @vitest-environment happy-dom
import { describe, expect, it } from "vitest";
import { hiddenRanges } from "./folding";
import { CLIP } from "./line";
import { type Look, lookKey } from "./look";
import { renderLines, replaceChildren } from "./render";
import { EMPTY_OUTLINE, SectionIndex } from "./sections";
import type { Line } from "./types";

const lines = (...texts: string[]): Line[] =>
  texts.map((text, number) => ({
    number,
    text,
    time: number * 1000,
    stream: number === 1 ? "stderr" : "stdout",
  }));

const LOOK: Look = {
  outline: EMPTY_OUTLINE,
  folds: { policy: "none", chosen: new Map() },
  hidden: [],
  unclipped: new Set(),
  selected: undefined,
  times: "off",
  zone: undefined,
  start: undefined,
};

function shown(texts: Line[], look: Partial<Look> = {}): HTMLElement {
  const parent = document.createElement("div");
  parent.append(...renderLines(texts, undefined, { ...LOOK, ...look }).content);
  return parent;
}

describe("hostile output", () => {
  it("is text, whatever it looks like", () => {
    const hostile = "<img src=x onerror=alert(1)><script>alert(1)</script>&amp; {{ x }}";
    const parent = shown(lines(hostile));
    expect(parent.textContent).toBe(hostile);
    expect(parent.querySelector("img, script")).toBeNull();
  });

  it("becomes a link for the web only, and without a way back", () => {
    const parent = shown(lines("javascript:alert(1) http://a.example/ data:text/html,x"));
    const links = [...parent.querySelectorAll("a")];
    expect(links.map((link) => [link.textContent, link.rel, link.target])).toEqual([
      ["http://a.example/", "noopener noreferrer nofollow", "_blank"],
    ]);
  });

  it("cannot move the cursor, nor turn text around", () => {
    expect(shown(lines("a\u001b[2J\u001b[1;1Hb\u202ec")).textContent).toBe("ab⟨RLO⟩c");
  });
});

describe("lines", () => {
  it("have their number outside of the text, and an empty one has a height", () => {
    const parent = shown(lines("one", ""));
    const [one, empty] = parent.querySelectorAll<HTMLElement>(".pbc-line");
    expect([one?.dataset.n, one?.textContent]).toEqual(["1", "one"]);
    expect(empty?.innerHTML).toBe("<br>");
    expect(empty?.classList.contains("pbc-stderr")).toBe(true);
  });

  it("say when they were printed, after the line before", () => {
    const parent = shown(lines("a", "b"), { times: "delta" });
    expect(
      [...parent.querySelectorAll<HTMLElement>(".pbc-line")].map((line) => line.dataset.t?.trim()),
    ).toEqual(["", "+1.000"]);
  });

  it("take the colour of their status where Ansible printed none", () => {
    const parent = shown(
      lines("ok: [a]", "\u001b[35mok: [a]\u001b[0m", "a : ok=1 changed=0 unreachable=1 failed=0 "),
    );
    expect([...parent.children].map((line) => line.className)).toEqual([
      "pbc-line pbc-is-ok",
      "pbc-line pbc-fg-5 pbc-stderr",
      "pbc-line pbc-is-failed",
    ]);
  });

  it("are cut when they are long, until the reader asks for all", () => {
    const long = lines("x".repeat(1_000_000));
    const start = performance.now();
    const cut = shown(long);
    expect(performance.now() - start).toBeLessThan(300);
    expect(cut.textContent?.length).toBeLessThan(CLIP);
    expect(cut.querySelector("button")?.getAttribute("aria-label")).toBe("Show all 1.0 MB of line 1");
    expect(shown(long, { unclipped: new Set([0]) }).textContent).toHaveLength(1_000_000);
  });
});

describe("folding", () => {
  const run = lines(
    "PLAY [x] ****",
    "",
    "TASK [y] ****",
    "ok: [a]",
    "",
    "TASK [z] ***",
    "failed: [b]",
    "",
    "PLAY RECAP ***",
  );
  const index = new SectionIndex();
  index.setChunk(0, run);
  const outline = index.outline();
  const folds = { policy: "passed", chosen: new Map() } as const;
  const look = { outline, folds, hidden: hiddenRanges(outline, folds) };

  it("hides lines so that the browser's search still finds them", () => {
    const parent = shown(run, look);
    const hidden = parent.querySelector<HTMLElement>("[hidden]");
    expect(hidden?.getAttribute("hidden")).toBe("until-found");
    expect(hidden?.textContent).toBe("ok: [a]");
    expect(hidden?.dataset.heading).toBe("2");
    expect(renderLines(run, undefined, { ...LOOK, ...look }).shown).toHaveLength(7);
  });

  it("makes headings of plays and tasks, and marks those that failed with a word", () => {
    const parent = shown(run, look);
    const titles = [...parent.querySelectorAll("[role=heading]")].map((title) => title.textContent);
    expect(titles).toEqual(["PLAY [x]", "TASK [y]", "TASK [z]", "PLAY RECAP"]);
    const folded = [...parent.querySelectorAll(".pbc-fold")].map((button) =>
      button.getAttribute("aria-expanded"),
    );
    expect(folded).toEqual(["true", "false", "true"]);
    expect(
      [...parent.querySelectorAll(".pbc-badge")].map((badge) => badge.getAttribute("aria-label")),
    ).toEqual(["failed", "failed"]);
  });

  it("builds a chunk again only when its look changed", () => {
    const key = lookKey(run, { ...LOOK, ...look });
    expect(lookKey(run, { ...LOOK, ...look })).toBe(key);
    expect(lookKey(run, { ...LOOK, ...look, hidden: [] })).not.toBe(key);
    expect(lookKey(run, { ...LOOK, ...look, unclipped: new Set([99]) })).toBe(key);
    expect(lookKey(run, { ...LOOK, ...look, times: "absolute" })).not.toBe(key);
  });
});

describe("lines that come live", () => {
  const look: Look = { ...LOOK, times: "relative", start: 0 };
  const came = lines("TASK [x] ***", "ok: [a]", "ok: [b]").map(
    (line): Line => ({ ...line, stream: "stdout" }),
  );

  it("keep their elements when their exact times and streams arrive, and when more lines follow", () => {
    const parent = document.createElement("div");
    const first = renderLines(came, undefined, look);
    replaceChildren(parent, first.content);
    const elements = [...parent.children];
    const exact = came.map((line) => ({ ...line, time: line.time + 5, stream: "stderr" as const }));
    const more = [...exact, { number: 3, text: "ok: [c]", time: 9_000, stream: "stdout" as const }];
    const observer = new MutationObserver(() => undefined);
    observer.observe(parent, { childList: true });
    replaceChildren(parent, renderLines(more, undefined, look, first.drawn).content);
    const removed = observer.takeRecords().flatMap((record) => [...record.removedNodes]);
    observer.disconnect();
    expect(removed).toEqual([]);
    expect(elements.every((element, at) => element === parent.children[at])).toBe(true);
    expect(parent.children[1]).toMatchObject({
      className: "pbc-line pbc-is-ok pbc-stderr",
      textContent: "ok: [a]",
    });
    expect(parent.children[1]?.getAttribute("data-t")?.trim()).toBe("1.005");
    expect(parent.children[3]?.textContent).toBe("ok: [c]");
  });

  it("are drawn anew, each by itself, when their text is another", () => {
    const parent = document.createElement("div");
    const first = renderLines(came, undefined, look);
    replaceChildren(parent, first.content);
    const [task, , last] = parent.children;
    const redacted = came.map((line) => (line.number === 1 ? { ...line, text: "ok: [***]" } : line));
    replaceChildren(parent, renderLines(redacted, undefined, look, first.drawn).content);
    expect([...parent.children].map((line) => line.textContent)).toEqual([
      "TASK [x] ***",
      "ok: [***]",
      "ok: [b]",
    ]);
    expect(parent.children[0]).toBe(task);
    expect(parent.children[2]).toBe(last);
  });
});
