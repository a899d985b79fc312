import type { PaymentRail, RailNotice } from '@patchbay/domain/billing/collection/rail';

/** A rail's events have some ten thousand bytes. */
const BODY_BYTES_MAX = 1_048_576;

export interface NoticePorts {
  /** Undefined: nothing collects by it. */
  readonly rail: Pick<PaymentRail, 'openNotice'> | undefined;
  keep(notice: RailNotice): Promise<boolean>;
  /** Something new was told. */
  heard(): void;
  readonly nowMs: () => number;
}

/**
 * Takes what the rail tells. It is kept before it is answered, and looked at after: the rail tells it again until it is
 * kept, and what it says is not believed but read anew (BIL-6).
 */
export async function takeNotice(
  request: Request,
  { rail, keep, heard, nowMs }: NoticePorts,
): Promise<Response> {
  if (rail === undefined) return new Response(null, { status: 404 });
  const body = await bounded(request);
  if (body === undefined) return new Response(null, { status: 413 });
  const signature = request.headers.get('stripe-signature') ?? '';
  const notice = rail.openNotice({ body, signature, nowMs: nowMs() });
  if (notice === undefined) return new Response(null, { status: 400 });
  if (await keep(notice)) heard();
  return new Response(null, { status: 204 });
}

async function bounded(request: Request): Promise<string | undefined> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of request.body ?? []) {
    sizeBytes += chunk.byteLength;
    if (sizeBytes > BODY_BYTES_MAX) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
