/** The meaning of the list's address: as a request to the API, and in words. */
import type { QueryOf } from "../../api/types";
import type { HostsSearch } from "./search";

export type HostsQuery = QueryOf<"list_known_hosts">;

export const PAGE = 100;

/** "web" matches every name that contains it; a pattern with `*` is used unchanged. */
export function hostsQueryOf({ name, status, unseen, cursor }: HostsSearch): HostsQuery {
  return {
    limit: PAGE,
    ...(name !== undefined && { name: name.includes("*") ? name : `*${name}*` }),
    ...(status !== undefined && { status }),
    ...(unseen !== undefined && { unseen }),
    ...(cursor !== undefined && { cursor }),
  };
}

/** The choices of "not seen for"; another value from the address is added. */
export function unseenChoices(chosen: string | undefined): readonly string[] {
  const usual = ["1d", "7d", "30d", "90d"];
  return chosen === undefined || usual.includes(chosen) ? usual : [chosen, ...usual];
}

const UNITS = new Map([
  ["s", "second"],
  ["m", "minute"],
  ["h", "hour"],
  ["d", "day"],
  ["w", "week"],
]);

/** "30 days" of "30d". */
export function spanWords(span: string): string {
  const unit = UNITS.get(span.slice(-1));
  const number = span.slice(0, -1);
  return unit === undefined ? span : `${number} ${unit}${number === "1" ? "" : "s"}`;
}
