import type { TrendsSearch } from "./search";

/** The filters of the list that match the runs of a playbook, or of a module of ad-hoc commands. */
export function runsOf(
  { type, name }: { type: "playbook" | "adhoc"; name: string },
  { q, host }: Pick<TrendsSearch, "q" | "host"> = {},
) {
  // The list has no filter for modules: their name is searched for in the text that is recorded at the run's
  // start.
  const words = type === "adhoc" ? [q && `(${q})`, JSON.stringify(name)] : [q];
  const query = words.filter(Boolean).join(" ");
  return {
    ...(type === "adhoc" ? { type } : { playbook: name }),
    ...(query !== "" && { q: query }),
    ...(host !== undefined && { host }),
  };
}
