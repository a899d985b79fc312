import { platformError } from '@patchbay/kit/errors';

export const BODY_SIZE_BYTES_MAX = 1_000_000;
export const BODY_DEPTH_MAX = 32;

export interface ReadBody {
  readonly text: string;
  readonly body: unknown;
}

/** Reads the body within its bounds and parses it, whatever it is said to be. No body is an empty object. */
export async function readBody(request: Request): Promise<ReadBody> {
  return parsed(await readBounded(request));
}

/**
 * Reads the body of a request to the API.
 * @throws request.media_type_unsupported for one that is not said to be JSON in UTF-8: a form of another site's page sends
 * text/plain without asking, which is no JSON, whatever it looks like (C41).
 */
export async function readTypedBody(request: Request): Promise<ReadBody> {
  const type = request.headers.get('content-type');
  if (request.body !== null && type !== null) refuseOtherType(type);
  const text = await readBounded(request);
  if (text !== '' && type === null)
    throw platformError('request.media_type_unsupported', 'The body has no Content-Type.');
  return parsed(text);
}

function parsed(text: string): ReadBody {
  const body = parseJson(text || '{}');
  if (!isWithin(body, BODY_DEPTH_MAX)) {
    throw platformError('request.invalid', `JSON may be nested ${BODY_DEPTH_MAX} deep.`);
  }
  return { text, body };
}

/** Bytes that are no UTF-8 are refused: replaced, they would be stored as what nobody sent. */
async function readBounded({ body }: Request): Promise<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const decoded = (chunk?: Uint8Array) => {
    try {
      return chunk === undefined ? decoder.decode() : decoder.decode(chunk, { stream: true });
    } catch (cause) {
      throw platformError('request.invalid', 'The body is not UTF-8.', cause);
    }
  };
  let text = '';
  let sizeBytes = 0;
  for await (const chunk of body ?? []) {
    sizeBytes += chunk.byteLength;
    if (sizeBytes > BODY_SIZE_BYTES_MAX) {
      throw platformError('request.too_large', `At most ${BODY_SIZE_BYTES_MAX} bytes.`);
    }
    text += decoded(chunk);
  }
  return text + decoded();
}

/** JSON is UTF-8 (RFC 8259 §8.1); who names another charset has sent another text. */
function refuseOtherType(said: string): void {
  const [type, ...parameters] = said.split(';').map((part) => part.trim().toLowerCase());
  const charset = parameters.find((each) => each.startsWith('charset='))?.slice('charset='.length);
  if (type !== 'application/json')
    throw platformError('request.media_type_unsupported', `The body is said to be ${type}.`);
  if (charset !== undefined && !/^"?utf-?8"?$/.test(charset))
    throw platformError('request.media_type_unsupported', `The body is said to be in ${charset}, not UTF-8.`);
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
