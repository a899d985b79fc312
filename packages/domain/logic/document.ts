import { z } from 'zod';
import { logicLimits } from './limits.ts';
import { documentSchema, type LogicDocument } from './verbs.ts';

export type ReadDocument = { readonly document: LogicDocument } | { readonly problem: string };

/** Reads a document as JSON. What is wrong with it is said with its place. */
export function readDocument(text: string): ReadDocument {
  if (new TextEncoder().encode(text).length > logicLimits.documentBytesMax)
    return { problem: `A document has at most ${logicLimits.documentBytesMax} bytes.` };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { problem: 'It is not JSON.' };
  }
  const read = documentSchema.safeParse(value);
  if (read.success) return { document: read.data };
  const [issue] = read.error.issues;
  return { problem: `/${issue?.path.join('/') ?? ''}: ${issue?.message ?? 'It is no document.'}` };
}

/** What editors and other languages check documents with: JSON Schema 2020-12. */
export const documentJsonSchema = () => ({
  title: 'Patchbay application logic',
  ...z.toJSONSchema(documentSchema, { io: 'input' }),
});
