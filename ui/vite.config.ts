import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

// Where `npm run dev` finds a collector.
const collector = process.env.PLAYBACK_URL ?? "http://127.0.0.1:8080";

/** Themes of PatternFly that the pages do not have; they are a tenth of its styles. */
const OTHER_THEMES = /\.pf-v6-theme-(felt|glass|high-contrast)\b/;

/** What applies without these themes (`:not(.pf-v6-theme-glass)`) stays. */
const isOfOtherTheme = (selector: string) => OTHER_THEMES.test(selector.replace(/:not\([^()]*\)/g, ""));

export default defineConfig({
  plugins: [react()],
  css: {
    postcss: {
      plugins: [
        {
          postcssPlugin: "other-themes",
          Rule: (rule) => {
            const selectors = rule.selectors.filter((selector) => !isOfOtherTheme(selector));
            if (selectors.length === 0) {
              rule.remove();
            } else if (selectors.length < rule.selectors.length) {
              rule.selectors = selectors;
            }
          },
        },
      ],
    },
  },
  // Relative, so that the pages also work below a path of a reverse proxy. The collector makes the addresses in
  // index.html absolute, since that page is served at every depth.
  base: "./",
  build: {
    target: "es2022",
    // Scripts and styles are files: the content security policy allows nothing inline.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    sourcemap: false,
    manifest: true,
    chunkSizeWarningLimit: 1000,
    rolldownOptions: {
      output: {
        // What several pages need is two files: without this, the list of runs loads 45 small ones, six at a time.
        // Two, so that our styles come after those of the packages, which they change.
        codeSplitting: {
          groups: [
            { name: "packages", test: /node_modules/, minShareCount: 2, priority: 1 },
            { name: "parts", test: /src[\\/](parts|api)[\\/]/, minShareCount: 2 },
          ],
        },
      },
    },
  },
  server: { proxy: { "/api": { target: collector, ws: true } } },
  preview: { proxy: { "/api": { target: collector, ws: true } } },
  test: {
    // PatternFly's modules import their CSS and folders, which Vite resolves and Node does not.
    server: { deps: { inline: [/@patternfly/] } },
    // A document takes a second to make, and most tests need none. One that does says so in its first line.
    projects: [
      { extends: true, test: { name: "logic", environment: "node", include: ["src/**/*.test.ts"] } },
      {
        extends: true,
        test: {
          name: "components",
          environment: "happy-dom",
          include: ["src/**/*.test.tsx"],
          setupFiles: ["src/test/setup.ts"],
        },
      },
    ],
  },
});
