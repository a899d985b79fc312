import { once } from 'node:events';
import type { AnsweredFile, List } from '@patchbay/sdk-node';
import { connect } from '../connection.ts';
import { readList } from '../output.ts';
import type { CallFlags } from './operation-command.ts';
import type { CallableOperation } from './operations.ts';
import { firstPage } from './request-flags.ts';

/** Of a list, where nobody asks for more with --limit. */
const ITEM_COUNT_DEFAULT = 100;

interface Calling {
  readonly account: string | undefined;
  /** What the SDK answered to the operation that reads what this one replaces: it is made to that, or not at all. */
  readonly unlessChanged?: object;
}

/** Calls the SDK's method of an operation. */
export async function callMethod(
  { group, method }: CallableOperation,
  fields: Readonly<Record<string, unknown>>,
  { account, unlessChanged }: Calling,
): Promise<unknown> {
  const methods: unknown = Reflect.get(connect(account), group);
  const called: unknown =
    typeof methods === 'object' && methods !== null ? Reflect.get(methods, method) : undefined;
  if (typeof called !== 'function') throw new Error(`The SDK has no method ${group}.${method}.`);
  return unlessChanged === undefined ? called(fields) : called(fields, { unlessChanged });
}

/** Calls an operation, and prints its answer: JSON, or the file that it is. */
export async function callOperation(
  operation: CallableOperation,
  fields: Readonly<Record<string, unknown>>,
  { account, json = false }: CallFlags,
): Promise<void> {
  const answer = await callMethod(operation, firstPage(operation.request, fields), { account });
  if (isFile(answer)) return writeFile(answer);
  const { limit } = fields;
  const said = isList(answer)
    ? await readList(answer, typeof limit === 'number' ? limit : ITEM_COUNT_DEFAULT)
    : answer;
  process.stdout.write(`${json ? JSON.stringify(said) : JSON.stringify(said, undefined, 2)}\n`);
}

const has = (value: unknown, name: string): value is object =>
  typeof value === 'object' && value !== null && name in value;
const isFile = (answer: unknown): answer is AnsweredFile => has(answer, 'stream') && has(answer, 'mediaType');
const isList = (answer: unknown): answer is List<unknown> => has(answer, 'toArray');

/** As it comes: a file may be longer than memory. */
async function writeFile({ stream }: AnsweredFile): Promise<void> {
  const reader = stream.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    if (!process.stdout.write(value)) await once(process.stdout, 'drain');
  }
}
