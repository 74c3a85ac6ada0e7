// Runs after `vite build`: compresses each file of dist/ once, at the highest level, so that the collector never compresses
// a file, and prints what the first page loads. It fails when a budget is passed.

import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const DIST = new URL("../dist", import.meta.url).pathname;

// Compressed sizes in bytes (gzip): what the first page loads, and what a page that is loaded later adds.
const FIRST = 400 * 1024;
const LATE = 60 * 1024;

const isText = (name) => /\.(html|js|css|svg|json|txt|webmanifest)$/.test(name);

function* files(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* files(path);
    else yield path;
  }
}

const sizes = new Map();
for (const path of [...files(DIST)]) {
  if (!isText(path)) continue;
  const data = readFileSync(path);
  const gzip = gzipSync(data, { level: 9 });
  const name = path.slice(DIST.length + 1);
  sizes.set(name, gzip.length);
  // index.html is completed by the collector for each request, so it is sent as it is.
  if (name === "index.html") continue;
  writeFileSync(`${path}.gz`, gzip);
  const options = {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
      [constants.BROTLI_PARAM_SIZE_HINT]: statSync(path).size,
    },
  };
  writeFileSync(`${path}.br`, brotliCompressSync(data, options));
}

const manifest = JSON.parse(readFileSync(join(DIST, ".vite/manifest.json"), "utf8"));
// Only this script needs it, so it is not served.
rmSync(join(DIST, ".vite"), { recursive: true });

// Files that an entry of the manifest needs, with what it imports statically.
function needed(key, found = new Set()) {
  const entry = manifest[key];
  if (!entry || found.has(entry.file)) return found;
  found.add(entry.file);
  for (const css of entry.css ?? []) found.add(css);
  for (const imported of entry.imports ?? []) needed(imported, found);
  return found;
}

const total = (names) => [...names].reduce((sum, name) => sum + (sizes.get(name) ?? 0), 0);
const kilobytes = (bytes) => `${(bytes / 1024).toFixed(0)} KB`;
const tooLarge = [];

const start = Object.keys(manifest).find((key) => manifest[key].isEntry);
const shell = needed(start);
// The first page is the list of runs, which a link to a run does not need, but the bare address does.
const first = new Set([...shell]);
for (const key of Object.keys(manifest)) {
  if (key.startsWith("src/pages/runs/")) needed(key, first);
}
console.log(`first page: ${kilobytes(total(first))} (gzip; at most ${kilobytes(FIRST)})`);
if (total(first) > FIRST) tooLarge.push("the first page");

for (const [key, entry] of Object.entries(manifest)) {
  if (!entry.isDynamicEntry) continue;
  const own = [...needed(key)].filter((name) => !first.has(name));
  const bytes = total(own);
  console.log(`${key}: ${kilobytes(bytes)}`);
  if (bytes > LATE) tooLarge.push(key);
}

if (tooLarge.length > 0) {
  console.error(`too large: ${tooLarge.join(", ")}`);
  process.exit(1);
}
