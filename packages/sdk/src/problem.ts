import {
  errorPagePath,
  PatchbayError,
  type PatchbayErrorCode,
  type PatchbayErrorFields,
} from './patchbay-error.ts';

/** A refusal as it came, and whether the same request may be sent again. */
export interface Problem {
  readonly error: PatchbayError;
  readonly isRetryable: boolean;
}

/** Gateways in front of the platform answer with these when it cannot. */
const GATEWAY_STATUSES = new Set([502, 503, 504]);

/** Reads an answer that is not a success: problem+json (RFC 9457 §3), or whatever stood in its way. */
export async function readProblem(response: Response, baseUrl: string): Promise<Problem> {
  const body = await readObject(response);
  const { code, type, detail, retry } = body;
  if (typeof code !== 'string' || typeof detail !== 'string') {
    const message = `${response.url || baseUrl} answered ${response.status}, and not as Patchbay does.`;
    const fields = { code: 'client.unexpected_answer', message, status: response.status } as const;
    const error = new PatchbayError({ ...fields, helpUrl: absolute(errorPagePath(fields.code), baseUrl) });
    return { error, isRetryable: GATEWAY_STATUSES.has(response.status) };
  }
  const fields: PatchbayErrorFields = {
    code: code as PatchbayErrorCode,
    message: detail,
    status: response.status,
    helpUrl: absolute(typeof type === 'string' ? type : errorPagePath(code), baseUrl),
    ...pickTexts(body, ['requestId', 'rule', 'level']),
    ...(typeof body.current === 'object' && body.current !== null ? { current: body.current } : {}),
    ...retryAfter(body, response.headers),
  };
  return { error: new PatchbayError(fields), isRetryable: retry === 'now' || retry === 'after' };
}

async function readObject(response: Response): Promise<Readonly<Record<string, unknown>>> {
  try {
    const body: unknown = await response.json();
    return typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {};
  } catch {
    // A proxy's page of HTML, or a body cut off: the status is all that is known.
    return {};
  }
}

function pickTexts<Name extends string>(body: Readonly<Record<string, unknown>>, names: readonly Name[]) {
  const entries = names.flatMap((name) => (typeof body[name] === 'string' ? [[name, body[name]]] : []));
  return Object.fromEntries(entries) as { readonly [N in Name]?: string };
}

function retryAfter(body: Readonly<Record<string, unknown>>, headers: Headers) {
  if (typeof body.retryAfterMs === 'number') return { retryAfterMs: body.retryAfterMs };
  const header = headers.get('retry-after');
  return header !== null && /^\d+$/.test(header) ? { retryAfterMs: Number(header) * 1_000 } : {};
}

function absolute(path: string, baseUrl: string): string {
  return new URL(path, baseUrl).href;
}
