import { type RawSearch, text } from "../../app/search";

/** The page to open after the login, and a one-use ticket that logs in without a token. */
export interface LoginSearch {
  next?: string;
  ticket?: string;
}

export function search(raw: RawSearch): LoginSearch {
  return { ...text(raw, "next"), ...text(raw, "ticket") };
}
