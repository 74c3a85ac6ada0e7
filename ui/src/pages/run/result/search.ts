import { count, type RawSearch } from "../../../app/search";

/** The result's part of the address, besides its task and host. */
export interface ResultSearch {
  /** Which of several results of the task on the host: its event's number. */
  seq?: number;
}

export function search(raw: RawSearch): ResultSearch {
  return count(raw, "seq");
}
