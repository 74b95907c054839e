import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// `npm run dev` shows the page beside a console that runs: CONSOLE=http://127.0.0.1:8090 npm run dev
const console = process.env.CONSOLE ?? "http://127.0.0.1:8090";

export default defineConfig({
  plugins: [react()],
  build: {
    // The manifest tells the size check what the first page loads.
    manifest: true,
    // What MIT and its like ask for of whoever passes on copies: notices and terms of all that is bundled.
    license: { fileName: "licenses.md" },
    // Browsers that know light-dark(): what stands in for it would not follow the scheme that one chose.
    target: ["chrome123", "edge123", "firefox125", "safari17.5"],
    // No data: URLs: the content security policy allows files of this origin only.
    assetsInlineLimit: 0,
    // Since these the browsers know light-dark(); written for older ones it would not follow Mantine's colour scheme.
    cssTarget: ["chrome123", "firefox120", "safari17.5"],
    chunkSizeWarningLimit: 700,
  },
  server: { proxy: { "/api": console } },
});
