import { count, flag, oneOf, type RawSearch, text } from "../../../app/search";

/** The matrix's part of the address. */
export interface MatrixSearch {
  /** Outcomes that a host or task must have to be shown. */
  show?: "all" | "failed" | "changed";
  /** Part of the names of the hosts. */
  hosts?: string;
  /** Part of the names of the tasks. */
  tasks?: string;
  sort?: "worst" | "name";
  zoom?: "large" | "small" | "overview";
  /** Whether hosts with the same outcomes are one line. */
  fold?: boolean;
  /** The chosen cell. */
  host?: string;
  task?: number;
}

export function search(raw: RawSearch): MatrixSearch {
  return {
    ...oneOf(raw, "show", ["all", "failed", "changed"] as const),
    ...text(raw, "hosts"),
    ...text(raw, "tasks"),
    ...oneOf(raw, "sort", ["worst", "name"] as const),
    ...oneOf(raw, "zoom", ["large", "small", "overview"] as const),
    ...flag(raw, "fold"),
    ...text(raw, "host"),
    ...count(raw, "task"),
  };
}
