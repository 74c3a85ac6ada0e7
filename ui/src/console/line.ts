/** Builds the element of a line. Text only ever enters the document as text nodes: output is not trusted. */

import { parseLine, type Span } from "./ansi";
import { paint } from "./colour";
import { type Folds, isFoldable, isFolded } from "./folding";
import { linkParts } from "./links";
import { headingSection, type Look } from "./look";
import type { Section } from "./sections";
import { timeText } from "./times";
import { toneOf } from "./tone";
import type { Line } from "./types";

/** Longer lines are cut until the reader requests all of it: a megabyte in one line takes long to lay out. */
export const CLIP = 4000;
/** Number of characters that are shown of them. */
const CLIPPED = 1000;

/** Builds the element of a line, without its time. */
export function lineElement(line: Line, look: Look): HTMLElement {
  const element = make("div", "pbc-line");
  element.dataset.n = String(line.number + 1);
  const section = headingSection(line.number, look.outline);
  if (section !== undefined) {
    heading(element, line, section, look.folds);
  } else {
    text(element, line, look.unclipped.has(line.number));
  }
  return element;
}

/** Updates the parts of the element that may change: its time, its stream, and whether it is selected. */
export function dress(element: HTMLElement, line: Line, before: Line | undefined, look: Look): void {
  if (look.times === "off") {
    element.removeAttribute("data-t");
  } else {
    const base = { start: look.start, before: before?.time, zone: look.zone };
    const time = timeText(look.times, line.time, base);
    if (element.dataset.t !== time) {
      element.dataset.t = time;
    }
  }
  const { selected } = look;
  const isSelected = selected !== undefined && line.number >= selected.from && line.number <= selected.to;
  element.classList.toggle("pbc-stderr", line.stream === "stderr");
  element.classList.toggle("pbc-selected", isSelected);
}

function heading(element: HTMLElement, line: Line, section: Section, folds: Folds): void {
  element.classList.add("pbc-heading", `pbc-${section.kind}`);
  const folded = isFolded(folds, section);
  if (isFoldable(section)) {
    const button = make("button", "pbc-fold");
    button.setAttribute("type", "button");
    button.setAttribute("aria-expanded", String(!folded));
    button.setAttribute("aria-label", section.title);
    element.append(button);
  }
  const title = make("span", "pbc-title");
  title.setAttribute("role", "heading");
  title.setAttribute("aria-level", "3");
  const spans = parseLine(line.text);
  const last = spans.at(-1);
  // The stars that fill the line on a terminal carry no information.
  const rest = last === undefined ? [] : [{ ...last, text: last.text.replace(/ \*{3,}\s*$/, "") }];
  appendSpans(title, [...spans.slice(0, -1), ...rest]);
  element.append(title);
  if (section.failed) {
    const badge = make("span", "pbc-badge");
    badge.dataset.word = section.unreachable ? "unreachable" : "failed";
    badge.setAttribute("role", "img");
    badge.setAttribute("aria-label", badge.dataset.word);
    title.after(badge);
  }
  if (folded) {
    element.dataset.folded = `${section.to - section.from - 1} lines`;
  }
}

function text(element: HTMLElement, line: Line, whole: boolean): void {
  const spans = parseLine(line.text);
  if (spans.length === 0) {
    // Without it, an empty line has no height and is missing in copied text.
    element.append(document.createElement("br"));
    return;
  }
  const length = spans.reduce((sum, span) => sum + span.text.length, 0);
  if (spans.every((span) => span.style.fg === undefined)) {
    const tone = toneOf(spans[0]?.text ?? "");
    if (tone !== undefined) {
      element.classList.add(`pbc-is-${tone}`);
    }
  }
  if (length <= CLIP) {
    const [only] = spans;
    if (
      spans.length === 1 &&
      only?.style.bg === undefined &&
      only?.style.inverse !== true &&
      !only?.style.mark
    ) {
      // Most lines have one colour: without an element for it, 100,000 lines take 15 MB less.
      appendSpans(element, spans, element);
    } else {
      appendSpans(element, spans);
    }
    return;
  }
  element.classList.add("pbc-long");
  appendSpans(element, whole ? spans : clipped(spans));
  const button = make("button", "pbc-more");
  button.setAttribute("type", "button");
  button.dataset.label = whole ? "show less" : `… show all ${size(length)}`;
  button.setAttribute(
    "aria-label",
    `${whole ? "Show less" : `Show all ${size(length)}`} of line ${line.number + 1}`,
  );
  element.append(button);
}

function size(characters: number): string {
  return characters < 1_000_000
    ? `${Math.ceil(characters / 1000)} KB`
    : `${(characters / 1e6).toFixed(1)} MB`;
}

function clipped(spans: readonly Span[]): Span[] {
  const out: Span[] = [];
  let room = CLIPPED;
  for (const span of spans) {
    if (room <= 0) {
      break;
    }
    out.push(span.text.length > room ? { ...span, text: span.text.slice(0, room) } : span);
    room -= span.text.length;
  }
  return out;
}

function appendSpans(parent: HTMLElement, spans: readonly Span[], styled?: HTMLElement): void {
  for (const span of spans) {
    const { classes, properties } = paint(span.style);
    let target = parent;
    if (classes.length > 0) {
      target = styled ?? document.createElement("span");
      target.classList.add(...classes);
      for (const [name, value] of properties) {
        target.style.setProperty(name, value);
      }
      if (target !== parent) {
        parent.append(target);
      }
    }
    for (const part of linkParts(span.text)) {
      if (part.href === undefined) {
        target.append(part.text);
      } else {
        const link = document.createElement("a");
        link.href = part.href;
        link.target = "_blank";
        link.rel = "noopener noreferrer nofollow";
        link.textContent = part.text;
        target.append(link);
      }
    }
  }
}

export function make(name: string, classes: string): HTMLElement {
  const element = document.createElement(name);
  element.className = classes;
  return element;
}
