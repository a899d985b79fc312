/** Which request answered what, for as long as whoever asked holds the answer. */
const requestIds = new WeakMap<object, string>();

/**
 * The id of the request that answered this: `patchbay why req_…` explains it, and whoever is asked for help finds it by that.
 * It takes what a call answered, a page of a list, each item or row that a list hands over, and a file. A copy of one was
 * answered by nobody: undefined.
 */
export function requestIdOf(answer: object): string | undefined {
  return requestIds.get(answer);
}

/** Notes it for an answer, and for what a list or a part hands over one by one. */
export function noteRequestId(answer: object, requestId: string): void {
  requestIds.set(answer, requestId);
  for (const each of Object.values(answer))
    if (Array.isArray(each)) for (const item of each) if (isObject(item)) requestIds.set(item, requestId);
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;
