// `node prisma.mjs FOLDER DATABASE [N]`: the first N migrations of a folder (all of them, if no N is given) by prisma's
// schema engine, as `prisma migrate deploy` calls it. The command line downloads that engine as a program from outside
// of npm, so it is the same engine compiled to WebAssembly. `node prisma.mjs FOLDER DATABASE --rolled-back NAME` is
// `prisma migrate resolve --rolled-back NAME`.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

import { PrismaLibSql } from "@prisma/adapter-libsql";
import { bindMigrationAwareSqlAdapterFactory } from "@prisma/driver-adapter-utils";
import * as glue from "@prisma/schema-engine-wasm/schema_engine_bg";

const [folder, database, ...rest] = process.argv.slice(2);
const modules = join(dirname(fileURLToPath(import.meta.url)), "node_modules");
const bytes = readFileSync(join(modules, "@prisma", "schema-engine-wasm", "schema_engine_bg.wasm"));
const { instance } = await WebAssembly.instantiate(bytes, { "./schema_engine_bg.js": glue });
glue.__wbg_set_wasm(instance.exports);
instance.exports.__wbindgen_start();

const schema = 'datasource db {\n  provider = "sqlite"\n}\n';
const factory = new PrismaLibSql({ url: `file:${resolve(database)}` });
const bound = bindMigrationAwareSqlAdapterFactory(factory);
const engine = await glue.SchemaEngine.new({ datamodels: [["schema.prisma", schema]] }, () => {}, bound);

const names = readdirSync(folder).filter((name) => existsSync(join(folder, name, "migration.sql"))).sort();
const count = rest.length === 1 ? Number(rest[0]) : undefined;
const migrationsList = {
  baseDir: folder,
  lockfile: { path: "migration_lock.toml", content: readFileSync(join(folder, "migration_lock.toml"), "utf8") },
  shadowDbInitScript: "",
  migrationDirectories: names.slice(0, count).map((name) => ({
    path: name,
    migrationFile: {
      path: "migration.sql",
      content: { tag: "ok", value: readFileSync(join(folder, name, "migration.sql"), "utf8") },
    },
  })),
};
try {
  if (rest[0] === "--rolled-back") {
    await engine.markMigrationRolledBack({ migrationName: rest[1] });
  } else {
    await engine.applyMigrations({ migrationsList, filters: { externalTables: [], externalEnums: [] } });
  }
} catch (error) {
  console.error(error.message ?? error);
  process.exitCode = 1;
}
