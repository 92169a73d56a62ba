// npm's @actions/glob as hashFiles uses it: in the folder of argv[2], one JSON line in
// (patterns, follow), one line out with the files in their order and the hash, or the error.
import { createHash } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { createInterface } from "node:readline";
import { create } from "@actions/glob";

process.chdir(process.argv[2]);

async function answer(line) {
  const { patterns, follow } = JSON.parse(line);
  const hash = createHash("sha256");
  const files = [];
  try {
    const globber = await create(patterns, { followSymbolicLinks: follow });
    for await (const file of globber.globGenerator()) {
      if (!file.startsWith(`${process.cwd()}/`) || statSync(file).isDirectory()) continue;
      files.push(file.slice(process.cwd().length + 1));
      hash.update(createHash("sha256").update(readFileSync(file)).digest());
    }
    return { files, hash: files.length ? hash.digest("hex") : "" };
  } catch (error) {
    return { error: String(error.message) };
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(await answer(line)));
}
