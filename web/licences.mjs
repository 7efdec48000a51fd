// The licences of what is bundled: each package's notices, as its own files say them, and the text that they name.

import { readFile } from "node:fs/promises";
import { join } from "node:path";

const APACHE = "node_modules/typescript/LICENSE"; // the packages under it bring no copy of the text

/** One text for all packages of these files (paths below `root`). */
export async function licences(root, files) {
  const packages = [...new Set(files.map(packageOf).filter(Boolean))].sort();
  const parts = await Promise.all(packages.map((name) => licence(root, name, files)));
  const text = await readFile(join(root, APACHE), "utf8");
  const closing = `The Apache License, Version 2.0, of which the above speak:\n\n${text.trim()}\n`;
  return `page.js and calls.js have parts of these packages.\n\n${parts.join("\n")}\n${closing}`.replaceAll(
    "\r\n",
    "\n",
  );
}

function packageOf(file) {
  return /^node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1];
}

async function licence(root, name, files) {
  const folder = join(root, "node_modules", name);
  const { version, license } = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
  const own = await readFile(join(folder, "LICENSE"), "utf8").catch(() => "");
  const mine = files.filter((file) => packageOf(file) === name).map((file) => join(root, file));
  const notices = new Set((await Promise.all(mine.map(notice))).filter(Boolean));
  return `${[`== ${name} ${version}: ${license}`, own.trim(), ...[...notices].sort()].filter(Boolean).join("\n\n")}\n`;
}

/** The comment at the beginning of a file, when it is about rights. */
async function notice(file) {
  const [comment] = /^(?:\/\/.*\n)+/.exec(await readFile(file, "utf8")) ?? [""];
  return /copyright/i.test(comment) ? comment.replace(/^\/\/ ?/gm, "").trim() : "";
}
