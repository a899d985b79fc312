import { controlPlane } from '../../../../../../../server/compose.ts';
import { serveDocumentFile } from '../../../../../../../server/document-file.ts';

export const dynamic = 'force-dynamic';

export function GET(request: Request): Promise<Response> {
  const control = controlPlane();
  return serveDocumentFile(request, (asked) => control.answering(() => control.rest(asked), request.headers));
}
