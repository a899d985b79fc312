import { type MountedOperation, mountedOperations } from '@patchbay/faces/mounted';
import { filePath } from '@patchbay/kit/definition';
import { z } from 'zod';
import { Refusal } from '../refusal.ts';

/** One operation of the API, as a command calls it. */
export interface CallableOperation {
  /** As SDK, permission scopes and the log of changes name it: `triggers.create`. */
  readonly name: string;
  readonly group: string;
  /** Of the SDK: of its methods in the group. */
  readonly method: string;
  readonly summary: string;
  /** Method and path of REST. */
  readonly rest: string;
  readonly scope: string;
  readonly request: z.ZodObject;
  readonly errors: readonly string[];
}

/** An operation, and the same question answered as each of its files. */
function callable({ group, name, scopeName, operation, path }: MountedOperation): CallableOperation[] {
  const { summary, request, errors, method, files = [] } = operation;
  const scope = `${scopeName}:${name}`;
  const own = { group, method: name, summary, rest: `${method} ${path}`, scope, request, errors };
  const { limit: _limit, after: _after, ...unbounded } = request.shape;
  const all = [
    own,
    ...files.map((file) => ({
      ...own,
      method: file.name ?? file.ending,
      summary: file.summary,
      rest: `GET ${filePath(path, file)}`,
      request: z.strictObject(unbounded),
    })),
  ];
  return all.map((each) => ({ ...each, name: `${group}.${each.method}` }));
}

/** All that the platform serves. */
export const callableOperations: readonly CallableOperation[] = mountedOperations.flatMap(callable);

/** An operation is called as in the SDK, or as its scope, the OpenAPI document and the log of changes name it: `allow-list.get`. */
const spelled = (name: string): string =>
  name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());

/** Those of one resource or service, or all. */
export function operationsOf(group: string | undefined): readonly CallableOperation[] {
  return group === undefined
    ? callableOperations
    : callableOperations.filter((operation) => operation.group === spelled(group));
}

/** @throws Refusal with those that may have been meant. */
export function operationNamed(name: string): CallableOperation {
  const found = callableOperations.find((operation) => operation.name === spelled(name));
  if (found !== undefined) return found;
  const near = namesNear(name);
  throw new Refusal(
    `There is no operation ${name}. ${near.length === 0 ? 'patchbay api lists all.' : `There is ${near.join(', ')}.`}`,
  );
}

/** Enough to see what it is called. */
const NEAR_COUNT_MAX = 8;

/** Of the resource that was named, singular or plural, the operation; else all of the resource; else of that name elsewhere. */
function namesNear(name: string): readonly string[] {
  const [group = '', method = ''] = name.toLowerCase().split('.');
  const isOfGroup = (each: CallableOperation) =>
    each.group.toLowerCase().replace(/s$/, '') === group.replace(/s$/, '');
  const isOfMethod = (each: CallableOperation) => each.method.toLowerCase() === method;
  const choices = [
    callableOperations.filter((each) => isOfGroup(each) && isOfMethod(each)),
    callableOperations.filter(isOfGroup),
    callableOperations.filter(isOfMethod),
  ];
  const near = choices.find((found) => found.length > 0) ?? [];
  return near.slice(0, NEAR_COUNT_MAX).map((each) => each.name);
}
