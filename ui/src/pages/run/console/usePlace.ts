import { useLocation } from "@tanstack/react-router";
import { useCallback, useState } from "react";
import { entryOf, recallPlace, rememberPlace } from "../../../parts/places";

/** The name of the remembered position: the number of the line at the console's upper edge. */
export const CONSOLE_PLACE = "console";

/** The reader's position before they left the console and came back, and how to store the current position. */
export function usePlace() {
  const entry = useLocation({ select: entryOf });
  const [place] = useState(() => recallPlace(entry, CONSOLE_PLACE));
  const onPlace = useCallback(
    (line: number | undefined) => rememberPlace(entry, CONSOLE_PLACE, line),
    [entry],
  );
  return { place, onPlace };
}
