import { startTransition, useEffect, useState } from "react";

/**
 * The first items at once, and all of them a moment later: items below the edge of the screen need not delay
 * those above.
 */
export function useFirst<Item>(items: readonly Item[], count: number): readonly Item[] {
  const [isWhole, setWhole] = useState(false);
  const isEmpty = items.length === 0;
  useEffect(() => {
    if (isEmpty) {
      return undefined;
    }
    const frame = requestAnimationFrame(() => startTransition(() => setWhole(true)));
    return () => cancelAnimationFrame(frame);
  }, [isEmpty]);
  return isWhole ? items : items.slice(0, count);
}
