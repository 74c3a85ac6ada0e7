import { defineConfig } from "@playwright/test";
import tests from "../../playwright.config";

/** Measurements in a browser, against a real collector: `npm run bench`. One at a time, since they share the machine. */
export default defineConfig(tests, {
  testDir: ".",
  testMatch: "*.bench.ts",
  outputDir: "../../test-results/bench",
  workers: 1,
  timeout: 900_000,
});
