/** Groups the fields of one result, and results with the same text on several hosts. */
import type { Block } from "./blocks";

export interface CardHost {
  readonly name: string;
  /** Number of the task, if it is known: both lead to the result. */
  readonly task: number | undefined;
}

/** Lines of one part of the output, or of all fields of a result. */
export interface Card {
  readonly key: string;
  readonly blocks: Block[];
  readonly hosts: CardHost[];
}

export function cardsOf(blocks: readonly Block[]): Card[] {
  const cards: Card[] = [];
  for (const block of blocks) {
    const last = cards.at(-1);
    const [first] = last?.blocks ?? [];
    if (last !== undefined && block.in !== "output" && first?.in !== "output" && first?.seq === block.seq) {
      last.blocks.push(block);
      addHosts(last, block);
    } else {
      const card = { key: `${block.in} ${block.seq} ${block.first}`, blocks: [block], hosts: [] };
      addHosts(card, block);
      cards.push(card);
    }
  }
  return alike(cards);
}

function addHosts({ hosts }: Card, { hosts: names, tasks }: Block): void {
  for (const name of names) {
    if (hosts.every((host) => host.name !== name)) {
      hosts.push({ name, task: tasks.length === 1 ? tasks[0]?.number : undefined });
    }
  }
}

/** One card for results of the same task with the same lines; printed lines are not grouped. */
function alike(cards: readonly Card[]): Card[] {
  const known = new Map<string, Card>();
  return cards.filter((card) => {
    const [first] = card.blocks;
    if (first === undefined || first.in === "output" || card.hosts.length === 0) {
      return true;
    }
    const task = first.tasks[0]?.number ?? -1;
    const content = JSON.stringify([task, card.blocks.map(({ in: place, lines }) => [place, lines])]);
    const same = known.get(content);
    same?.hosts.push(...card.hosts);
    known.set(content, same ?? card);
    return same === undefined;
  });
}
