import { useLocation } from "@tanstack/react-router";
import { useCallback, useState } from "react";
import { entryOf, recallPlace, rememberPlace } from "../../../parts/places";

/** The name of what is remembered: the number of the line at the console's upper edge. */
export const CONSOLE_PLACE = "console";

/** Where the reader left the console before they went elsewhere and came back, and how to remember where they are. */
export function usePlace() {
  const entry = useLocation({ select: entryOf });
  const [place] = useState(() => recallPlace(entry, CONSOLE_PLACE));
  const onPlace = useCallback(
    (line: number | undefined) => rememberPlace(entry, CONSOLE_PLACE, line),
    [entry],
  );
  return { place, onPlace };
}
