import { platformError } from '@patchbay/kit/errors';

export const BODY_SIZE_BYTES_MAX = 1_000_000;
export const BODY_DEPTH_MAX = 32;

/** Reads the body within its bounds and parses it. No body is an empty object. */
export async function readBody(request: Request): Promise<{ readonly text: string; readonly body: unknown }> {
  const text = await readBounded(request);
  const body = parseJson(text || '{}');
  if (!isWithin(body, BODY_DEPTH_MAX)) {
    throw platformError('request.invalid', `JSON may be nested ${BODY_DEPTH_MAX} deep.`);
  }
  return { text, body };
}

async function readBounded({ body }: Request): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  let sizeBytes = 0;
  for await (const chunk of body ?? []) {
    sizeBytes += chunk.byteLength;
    if (sizeBytes > BODY_SIZE_BYTES_MAX) {
      throw platformError('request.too_large', `At most ${BODY_SIZE_BYTES_MAX} bytes.`);
    }
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

/** A form of another site's page sends text/plain without asking: it is no JSON, whatever it looks like (C41). */
export function refuseOtherTypes({ headers, body }: Request): void {
  const type = headers.get('content-type')?.split(';')[0]?.trim().toLowerCase();
  if (body === null || type === undefined || type === 'application/json') return;
  throw platformError('request.media_type_unsupported', `The body is said to be ${type}.`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw platformError('request.invalid', 'The body is not JSON.', cause);
  }
}

/** Whether values are nested no deeper. It never goes deeper itself, whatever was sent. */
function isWithin(value: unknown, depthMax: number): boolean {
  if (depthMax === 0) return false;
  if (typeof value !== 'object' || value === null) return true;
  if (Array.isArray(value)) return value.every((item) => isWithin(item, depthMax - 1));
  for (const name in value)
    if (!isWithin((value as Record<string, unknown>)[name], depthMax - 1)) return false;
  return true;
}
