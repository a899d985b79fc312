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

/**
 * Prisma's schema engine, in the wasm build: the binary would have to be downloaded. The module imports its
 * `.wasm` file in a way that only bundlers understand, so it is loaded by hand.
 */
export async function openSchemaEngine(
  schema: readonly SchemaFile[],
  factory: SqlMigrationAwareDriverAdapterFactory,
): Promise<SchemaEngine> {
  const packageDirectory = path.dirname(createRequire(import.meta.url).resolve('@prisma/schema-engine-wasm'));
  const bytes = readFileSync(path.join(packageDirectory, 'schema_engine_bg.wasm'));
  const glue = engineGlue as unknown as WebAssembly.ModuleImports;
  const { instance } = await WebAssembly.instantiate(bytes, { './schema_engine_bg.js': glue });
  engineGlue.__wbg_set_wasm(instance.exports);
  const { __wbindgen_start: start } = instance.exports;
  if (typeof start !== 'function') throw new Error('The schema engine has other exports than expected');
  start();
  const ignoreTrace = (): void => {};
  return engineGlue.SchemaEngine.new(
    { datamodels: schema.map(([file, content]) => [file, content]) },
    ignoreTrace,
    bindMigrationAwareSqlAdapterFactory(factory),
  );
}
