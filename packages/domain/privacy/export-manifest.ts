import { z } from 'zod';
import { dataClassNames } from './data-classes.ts';

export const EXPORT_SCHEMA_VERSION = 1;

/** One file of an archive: NDJSON, a row of the table a line. */
export const exportFileSchema = z.object({
  name: z.string(),
  dataClass: z.enum(dataClassNames),
  table: z.string(),
  accountId: z.string(),
  rows: z.int(),
  sizeBytes: z.int(),
  /** Of the file's content, in hexadecimal. */
  sha256: z.string(),
});
export type ExportFile = z.output<typeof exportFileSchema>;

/** `manifest.json`, the last file of an archive. */
export const exportManifestSchema = z.object({
  format: z.literal('patchbay-export'),
  schemaVersion: z.literal(EXPORT_SCHEMA_VERSION),
  exportId: z.string(),
  /** Whose export it is. It holds this account and those below it. */
  accountId: z.string(),
  /** 'person': only what is there of one person. */
  scope: z.enum(['account', 'person']),
  /** Each file is what was there when it was read, between these two. */
  startedAt: z.iso.datetime(),
  finishedAt: z.iso.datetime(),
  files: z.array(exportFileSchema),
  /** Rows by class; every class that an export has is named. */
  rows: z.partialRecord(z.enum(dataClassNames), z.int()),
  /** Classes that no export has, and why. */
  leftOut: z.array(z.object({ dataClass: z.enum(dataClassNames), why: z.string() })),
});
export type ExportManifest = z.output<typeof exportManifestSchema>;
