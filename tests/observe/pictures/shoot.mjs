// node shoot.mjs URL FROM TO SCRAPE_SECONDS OUT DASHBOARD.json…: a picture of each dashboard, OUT/NAME.png, of Prometheus at
// URL between two times (seconds). Prints, as JSON, the expressions without a value by dashboard and panel.
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { basename, join } from "node:path";
import { build } from "esbuild";
import puppeteer from "puppeteer-core";

const HERE = import.meta.dirname;
const ICONS = join(HERE, "node_modules/@grafana/ui/dist/public/img/icons");
const PAGE = `<!doctype html><meta charset="utf-8"><title>dashboard</title><link rel="stylesheet" href="page.css">
<body><div id="dashboard"></div><script type="module" src="page.js"></script>`;
const POINTS = 500; // of a panel's width, as Grafana asks for

const [url, from, to, scrape, out, ...files] = process.argv.slice(2);
const step = Math.max(Math.ceil((to - from) / POINTS), Number(scrape));
const time = { url, scrape: Number(scrape), step, from: Math.ceil(from / step) * step, to: Math.floor(to / step) * step };

// esbuild takes CommonJS from an .mjs as Node.js does, where Grafana's modules want a default export found.
const commonjs = {
  name: "commonjs",
  setup: (it) => it.onResolve({ filter: /^@grafana\/(ui|data|i18n|schema)/ }, ({ path, kind, resolveDir }) =>
    kind === "require-call" ? undefined : it.resolve(path, { kind: "require-call", resolveDir })),
};
const bundle = await build({
  entryPoints: [join(HERE, "page.jsx")], bundle: true, write: false, outdir: "/", format: "esm", jsx: "automatic",
  minify: true, define: { "process.env.NODE_ENV": '"production"', global: "globalThis" }, logLevel: "error", plugins: [commonjs],
  loader: { ".ttf": "dataurl", ".woff": "dataurl", ".woff2": "dataurl", ".svg": "dataurl", ".png": "dataurl" },
});
const served = new Map(bundle.outputFiles.map(({ path, contents }) => [path, Buffer.from(contents)]));
served.set("/", Buffer.from(PAGE));
const KINDS = { js: "text/javascript", css: "text/css", svg: "image/svg+xml" };

const server = createServer(async ({ url: path }, answer) => {
  const icon = path.match(/^\/public\/build\/img\/icons\/([\w-]+\/[\w-]+\.svg)$/);
  const body = served.get(path) ?? (icon && (await readFile(join(ICONS, icon[1])).catch(() => undefined)));
  answer.writeHead(body ? 200 : 404, { "Content-Type": KINDS[path.split(".").at(-1)] ?? "text/html" }).end(body);
});
await new Promise((listening) => server.listen(0, "127.0.0.1", listening));

const browser = await puppeteer.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox", "--hide-scrollbars"],
});
const empty = {};
try {
  for (const file of files) {
    const page = await browser.newPage();
    page.on("pageerror", (error) => console.error(String(error.stack ?? error)));
    await page.setViewport({ width: 1600, height: 1000 });
    await page.goto(`http://127.0.0.1:${server.address().port}/`);
    const dashboard = JSON.parse(await readFile(file, "utf8"));
    empty[dashboard.uid] = await page.evaluate((...given) => window.draw(...given), dashboard, time);
    await page.waitForFunction("window.drawn", { timeout: 30_000 });
    await page.screenshot({ path: join(out, `${basename(file, ".json")}.png`), fullPage: true });
    await page.close();
  }
} finally {
  await browser.close();
  server.close();
}
console.log(JSON.stringify(empty));
