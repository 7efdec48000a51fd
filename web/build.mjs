// Builds the page into a folder: `node build.mjs FOLDER`. A document, its style, its script, the worker that makes the calls, and the
// licences.

import { copyFile, mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { licences } from "./licences.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const folder = process.argv[2];
if (!folder) {
  throw new Error("node build.mjs FOLDER");
}
await mkdir(folder, { recursive: true });
const { metafile } = await build({
  absWorkingDir: here,
  entryPoints: { page: "src/main.tsx", calls: "src/calls/worker.ts" },
  outdir: folder,
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  charset: "utf8",
  legalComments: "none", // all of them are in licenses.txt
  metafile: true,
  jsx: "automatic",
  jsxImportSource: "preact",
});
for (const name of ["index.html", "page.css"]) {
  await copyFile(join(here, name), join(folder, name));
}
await writeFile(join(folder, "licenses.txt"), await licences(here, Object.keys(metafile.inputs)));
