// `node drizzle.mjs FOLDER DATABASE [N]`: the first N migrations of a folder (all of them, if no N is given) by
// drizzle-orm's own migrator over libsql.
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

import { drizzle } from "drizzle-orm/libsql";
import { migrate } from "drizzle-orm/libsql/migrator";

const [folder, database, count] = process.argv.slice(2);
// The migrator takes all that the journal names, so the journal of a copy ends earlier.
const copy = mkdtempSync(join(tmpdir(), "peer-drizzle-"));
try {
  cpSync(folder, copy, { recursive: true });
  const path = join(copy, "meta", "_journal.json");
  const journal = JSON.parse(readFileSync(path, "utf8"));
  journal.entries = journal.entries.slice(0, count === undefined ? undefined : Number(count));
  writeFileSync(path, JSON.stringify(journal));
  const db = drizzle(`file:${resolve(database)}`);
  await migrate(db, { migrationsFolder: copy });
  db.$client.close();
} finally {
  rmSync(copy, { recursive: true });
}
