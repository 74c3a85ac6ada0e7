/** The differences between two short texts, word by word, for showing them side by side. */

export interface DiffPart {
  readonly text: string;
  /** Whether only this text has it. */
  readonly isOwn: boolean;
}

export interface TextDiff {
  readonly before: readonly DiffPart[];
  readonly now: readonly DiffPart[];
}

/** Comparing takes time that grows with the product of both: longer texts are shown without marks. */
const MOST = 500;

export function textDiff(before: string, now: string): TextDiff {
  const [a, b] = [words(before), words(now)];
  if (a.length > MOST || b.length > MOST) {
    return { before: [{ text: before, isOwn: false }], now: [{ text: now, isOwn: false }] };
  }
  const common = commonWords(a, b);
  // Texts that only share blanks and a few signs count as completely different: single marks would be noise.
  const shared = common.reduce((sum, [at]) => sum + (/\w/.test(a[at] ?? "") ? (a[at]?.length ?? 0) : 0), 0);
  if (shared * 5 < Math.min(before.length, now.length)) {
    return { before: own(before), now: own(now) };
  }
  return {
    before: parts(
      a,
      common.map(([at]) => at),
    ),
    now: parts(
      b,
      common.map(([, at]) => at),
    ),
  };
}

function own(text: string): DiffPart[] {
  return text === "" ? [] : [{ text, isOwn: true }];
}

/** Words, numbers with their dots, blanks, and other characters one by one. */
function words(text: string): string[] {
  return text.match(/[\p{L}_]+|\p{N}+(?:[.]\p{N}+)*|\s+|./gsu) ?? [];
}

/** The positions of a longest common subsequence. */
function commonWords(a: readonly string[], b: readonly string[]): [number, number][] {
  const width = b.length + 1;
  const lengths = new Uint16Array((a.length + 1) * width);
  const at = (i: number, j: number) => lengths[i * width + j] ?? 0;
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) {
      lengths[i * width + j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  const common: [number, number][] = [];
  let [i, j] = [0, 0];
  while (i < a.length && j < b.length) {
    if (a[i] === b[j]) {
      common.push([i, j]);
      i += 1;
      j += 1;
    } else if (at(i + 1, j) >= at(i, j + 1)) {
      i += 1;
    } else {
      j += 1;
    }
  }
  return common;
}

function parts(all: readonly string[], common: readonly number[]): DiffPart[] {
  const shared = new Set(common);
  const found: { text: string; isOwn: boolean }[] = [];
  for (const [index, text] of all.entries()) {
    // A blank between two marked words is marked, too, so that they read as one.
    const isGap = /^[^\S\n]+$/.test(text) && !shared.has(index - 1) && !shared.has(index + 1);
    const isOwn = !shared.has(index) || isGap;
    const last = found.at(-1);
    if (last?.isOwn === isOwn) {
      last.text += text;
    } else {
      found.push({ text, isOwn });
    }
  }
  return found;
}
