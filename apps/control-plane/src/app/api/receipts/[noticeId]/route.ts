import { controlPlane } from '../../../../server/compose.ts';

export const dynamic = 'force-dynamic';

/** Asked by pages and workers of other origins: without a body and a header it asks nothing of a browser before. */
export function POST(request: Request): Promise<Response> {
  const control = controlPlane();
  return control.answering(async () => {
    await control.takeReceipt(request.url);
    return new Response(null, { status: 204, headers: { 'cache-control': 'no-store' } });
  });
}
