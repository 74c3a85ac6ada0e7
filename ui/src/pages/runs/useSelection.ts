/** The selected runs, even if they are on another page, or have left the list. */
import { useCallback, useState } from "react";
import type { ListedExecution } from "../../api/types";

export interface Selected {
  /** The records at the time of the selection, by their ids. */
  selected: ReadonlyMap<string, ListedExecution>;
  select(run: ListedExecution, isSelected: boolean): void;
  clear(): void;
}

export function useSelection(): Selected {
  const [selected, setSelected] = useState<ReadonlyMap<string, ListedExecution>>(new Map());
  const select = useCallback((run: ListedExecution, isSelected: boolean) => {
    setSelected((before) => {
      const after = new Map(before);
      if (isSelected) {
        after.set(run.id, run);
      } else {
        after.delete(run.id);
      }
      return after;
    });
  }, []);
  return { selected, select, clear: () => setSelected(new Map()) };
}
