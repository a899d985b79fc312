import { controlPlane } from '../../../server/compose.ts';
import { healthOf } from '../../../server/health.ts';

export const dynamic = 'force-dynamic';

export async function GET(): Promise<Response> {
  const health = await healthOf(controlPlane());
  return Response.json(health, { status: health.status === 'ok' ? 200 : 503 });
}
