import { controlPlane } from '../../../../../server/compose.ts';
import { serveUsageCsv } from '../../../../../server/usage-csv.ts';

export const dynamic = 'force-dynamic';

export function GET(request: Request): Promise<Response> {
  const control = controlPlane();
  return serveUsageCsv(request, (page) => control.answering(() => control.rest(page), request.headers));
}
