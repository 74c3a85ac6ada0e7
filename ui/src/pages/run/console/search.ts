import { flag, oneOf, type RawSearch, text } from "../../../app/search";

/** The console's part of the address; the lines are in its hash (`#L120-L140`). */
export interface ConsoleSearch {
  /** Lines of one stream only. */
  stream?: "stdout" | "stderr";
  /** The searched text. */
  q?: string;
  regex?: boolean;
  /** Whether upper and lower case differ. */
  case?: boolean;
}

export function search(raw: RawSearch): ConsoleSearch {
  return {
    ...oneOf(raw, "stream", ["stdout", "stderr"] as const),
    ...text(raw, "q"),
    ...flag(raw, "regex"),
    ...flag(raw, "case"),
  };
}
