// Writes src/api/schema.d.ts: the types of the API, from the OpenAPI document that the collector's tests keep up to date.
// The file is derived, so it is not committed.

import { readFileSync, writeFileSync } from "node:fs";
import openapiTS, { astToString } from "openapi-typescript";

const SNAPSHOT = new URL("../../tests/it/snapshots/it__documented__openapi.snap", import.meta.url);
const TYPES = new URL("../src/api/schema.d.ts", import.meta.url);

// A snapshot has a header between two lines of dashes.
const text = readFileSync(SNAPSHOT, "utf8");
const start = text.indexOf("\n{");
if (start < 0) {
  throw new Error(`${SNAPSHOT.pathname} holds no JSON document`);
}
const document = JSON.parse(text.slice(start));
writeFileSync(TYPES, astToString(await openapiTS(document)));
