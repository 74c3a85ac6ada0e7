import type { TrendsSearch } from "./search";

/** The filters of the list that finds the runs of a playbook, or of a module of ad-hoc commands. */
export function runsOf(
  { type, name }: { type: "playbook" | "adhoc"; name: string },
  { q, host }: Pick<TrendsSearch, "q" | "host"> = {},
) {
  // The list has no filter for modules: their name is looked for in what is recorded of the run's start.
  const words = type === "adhoc" ? [q && `(${q})`, JSON.stringify(name)] : [q];
  const query = words.filter(Boolean).join(" ");
  return {
    ...(type === "adhoc" ? { type } : { playbook: name }),
    ...(query !== "" && { q: query }),
    ...(host !== undefined && { host }),
  };
}
