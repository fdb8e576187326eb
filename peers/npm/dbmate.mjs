// `node dbmate.mjs FOLDER DATABASE [N]`: the first N migrations of a folder (all of them, if no N is given) by
// `dbmate up`.
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const [folder, database, count] = process.argv.slice(2);
const program = join(dirname(fileURLToPath(import.meta.url)), "node_modules", ".bin", "dbmate");
// It takes all that it finds, so a copy holds less.
const copy = mkdtempSync(join(tmpdir(), "peer-dbmate-"));
try {
  const files = readdirSync(folder).sort();
  for (const name of files.slice(0, count === undefined ? undefined : Number(count))) {
    cpSync(join(folder, name), join(copy, name));
  }
  const words = ["--url", `sqlite:${resolve(database)}`, "--migrations-dir", copy, "--no-dump-schema", "up"];
  process.exitCode = spawnSync(program, words, { stdio: "inherit" }).status;
} finally {
  rmSync(copy, { recursive: true });
}
