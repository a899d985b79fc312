import { controlPlane } from '../../../../server/compose.ts';
import { serveExport } from '../../../../server/serve-export.ts';

export const dynamic = 'force-dynamic';

export function GET(request: Request): Promise<Response> {
  const control = controlPlane();
  return control.answering(() => serveExport(control, request));
}
