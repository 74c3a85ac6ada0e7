import { expect, test } from "vitest";
import { daysOf, facetsOf, timesOf } from "./facets";

const counts = {
  lines: 9,
  runs: 2,
  host: [
    { value: "web-01", lines: 7 },
    { value: "web 2", lines: 2 },
  ],
  day: [{ value: "2026-01-20", lines: 9 }],
};

test("a facet's value is written into the query, and out of it", () => {
  const [hosts] = facetsOf("refused host:web-01,db", counts);
  expect(hosts?.values).toEqual([
    { value: "db", lines: 0, isChosen: true, query: "refused host:web-01" },
    { value: "web-01", lines: 7, isChosen: true, query: "refused host:db" },
    { value: "web 2", lines: 2, isChosen: false, query: 'refused host:"web 2"' },
  ]);
  expect(facetsOf("refused", undefined)).toEqual([]);
});

test("a time takes the place of another", () => {
  const said = timesOf("refused since:7d").map(({ isChosen, query }) => (isChosen ? `[${query}]` : query));
  expect(said).toEqual([
    "refused",
    "refused since:1h",
    "refused since:24h",
    "[refused since:7d]",
    "refused since:30d",
  ]);
  expect(timesOf("since:7d")[0]?.title).toBe("Last hour");
  expect(daysOf("refused since:7d", counts)[0]?.query).toBe("refused since:2026-01-20 until:2026-01-20");
  expect(daysOf("refused since:2026-01-20 until:2026-01-20", counts)[0]).toMatchObject({
    isChosen: true,
    query: "refused",
  });
});
