/** Of a digest: enough that no two answers meet, and no padding in base64. */
const TAG_BYTES = 18;

/**
 * The entity tag of an answer (RFC 9110 §8.8.3): equal for equal answers, whatever the order of their fields. A weak one:
 * what it stands for is the same, the bytes need not be.
 */
export async function etagOf(answer: unknown): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(canonical(answer)));
  // Not by Buffer: the dashboard tags in a browser what it changes.
  const text = btoa(String.fromCharCode(...new Uint8Array(digest, 0, TAG_BYTES)));
  return `W/"${text.replaceAll('+', '-').replaceAll('/', '_')}"`;
}

/** Whether a list of tags, as If-Match and If-None-Match have it, names this one. */
export const namesTag = (list: string, tag: string): boolean =>
  list.split(',').some((each) => each.trim() === '*' || weak(each.trim()) === weak(tag));

const weak = (tag: string): string => tag.replace(/^W\//, '');

const canonical = (value: unknown): string =>
  JSON.stringify(value, (_name, each: unknown) =>
    typeof each === 'object' && each !== null && !Array.isArray(each)
      ? Object.fromEntries(Object.entries(each).sort(([left], [right]) => (left < right ? -1 : 1)))
      : each,
  );
