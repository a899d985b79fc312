import { controlPlane } from '../../server/compose.ts';
import { serveMetrics } from '../../server/serve-metrics.ts';

export const dynamic = 'force-dynamic';

export function GET(request: Request): Promise<Response> {
  const control = controlPlane();
  return control.answering(() => serveMetrics(request, (asked) => control.rest(asked)), request.headers);
}
