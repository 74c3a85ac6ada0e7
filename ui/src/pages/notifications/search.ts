import { oneOf, type RawSearch, text } from "../../app/search";

/** The list has no options. */
export type NotificationsSearch = Record<never, never>;

export function search(_raw: RawSearch): NotificationsSearch {
  return {};
}

export const STATES = ["pending", "delivered", "failed"] as const;

/** For a target's log: which messages, which page, and which message is unfolded. Undefined removes a value. */
export interface TargetSearch {
  state?: (typeof STATES)[number] | undefined;
  cursor?: string | undefined;
  delivery?: string | undefined;
}

export function targetSearch(raw: RawSearch): TargetSearch {
  return { ...oneOf(raw, "state", STATES), ...text(raw, "cursor"), ...text(raw, "delivery") };
}
