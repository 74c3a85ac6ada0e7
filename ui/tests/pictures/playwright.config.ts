import { defineConfig } from "@playwright/test";
import tests from "../../playwright.config";

/** The pictures of the documentation: `npm run pictures`, from runs of `examples/`. */
export default defineConfig(tests, {
  testDir: ".",
  testMatch: "*.shot.ts",
  outputDir: "../../test-results/pictures",
  workers: 1,
  timeout: 300_000,
});
