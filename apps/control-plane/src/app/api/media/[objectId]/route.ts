import { controlPlane } from '../../../../server/compose.ts';
import { serveMedia } from '../../../../server/serve-media.ts';

export const dynamic = 'force-dynamic';

export function GET(request: Request): Promise<Response> {
  const control = controlPlane();
  return control.answering(() => serveMedia(control, request));
}
