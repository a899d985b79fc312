import { controlPlane } from '../../../../../../../server/compose.ts';
import { serveDocumentFile } from '../../../../../../../server/document-file.ts';
import { answerOtherMethod } from '../../../../../../../server/other-methods.ts';

export const dynamic = 'force-dynamic';

export function GET(request: Request): Promise<Response> {
  const control = controlPlane();
  return serveDocumentFile(request, (asked) => control.answering(() => control.rest(asked), request.headers));
}

export {
  answerOtherMethod as DELETE,
  answerOtherMethod as OPTIONS,
  answerOtherMethod as PATCH,
  answerOtherMethod as POST,
  answerOtherMethod as PUT,
};
