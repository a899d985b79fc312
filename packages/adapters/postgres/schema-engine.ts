import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import {
  bindMigrationAwareSqlAdapterFactory,
  type SqlMigrationAwareDriverAdapterFactory,
} from '@prisma/driver-adapter-utils';
import type { SchemaEngine } from '@prisma/schema-engine-wasm/schema_engine_bg';
import * as engineGlue from '@prisma/schema-engine-wasm/schema_engine_bg';

/** A schema file by its path. */
export type SchemaFile = readonly [path: string, content: string];

let loading: Promise<void> | undefined;

/** The module imports its `.wasm` file in a way that only bundlers understand, so it is loaded by hand, once. */
async function load(): Promise<void> {
  const packageDirectory = path.dirname(createRequire(import.meta.url).resolve('@prisma/schema-engine-wasm'));
  const bytes = readFileSync(path.join(packageDirectory, 'schema_engine_bg.wasm'));
  const glue = engineGlue as unknown as WebAssembly.ModuleImports;
  const { instance } = await WebAssembly.instantiate(bytes, { './schema_engine_bg.js': glue });
  engineGlue.__wbg_set_wasm(instance.exports);
  const { __wbindgen_start: start } = instance.exports;
  if (typeof start !== 'function') throw new Error('The schema engine has other exports than expected');
  start();
}

/** Prisma's schema engine, in the wasm build: the binary would have to be downloaded. */
export async function openSchemaEngine(
  schema: readonly SchemaFile[],
  factory: SqlMigrationAwareDriverAdapterFactory,
): Promise<SchemaEngine> {
  loading ??= load();
  await loading;
  const ignoreTrace = (): void => {};
  return engineGlue.SchemaEngine.new(
    { datamodels: schema.map(([file, content]) => [file, content]) },
    ignoreTrace,
    bindMigrationAwareSqlAdapterFactory(factory),
  );
}
