import { z } from 'zod';

/** Of a file that comes in, by reference or uploaded, and of one that is made. */
export const FILE_BYTES_MAX = 100_000_000;
export const URI_LENGTH_MAX = 2_048;
/** How long whoever asked for it may take to upload a file. */
export const UPLOAD_MS_MAX = 3_600_000;

/** Where a file comes from. Uploaded, it is known once it has come. */
const inputSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('uri'), uri: z.string() }),
  z.object({ kind: z.literal('object'), objectId: z.string() }),
  z.object({ kind: z.literal('upload') }),
]);

/** Of all work on a file, as it waits for a node: what it is, and how much of it is taken. */
export const fileOrderShape = {
  input: inputSchema,
  inputBytesMax: z.int(),
  mediaSecondsMax: z.int(),
} as const;

const fileOrderSchema = z.object(fileOrderShape);
export type FileOrder = z.output<typeof fileOrderSchema>;

/** Priorities within one account: others never wait for them. */
export const priorities = ['high', 'normal', 'low'] as const;
export type Priority = (typeof priorities)[number];

/** As it lies in a row: the least is taken first. */
export const rankOf = (priority: Priority): number => priorities.indexOf(priority);
export const priorityOf = (rank: number): Priority => priorities[rank] ?? 'normal';
