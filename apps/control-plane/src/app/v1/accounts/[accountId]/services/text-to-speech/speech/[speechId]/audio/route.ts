import { controlPlane } from '../../../../../../../../../server/compose.ts';
import { answerOtherMethod } from '../../../../../../../../../server/other-methods.ts';
import { serveLinkedFile } from '../../../../../../../../../server/serve-media.ts';

export const dynamic = 'force-dynamic';

export function GET(request: Request): Promise<Response> {
  const control = controlPlane();
  return control.answering(
    () => serveLinkedFile(control, request, (asked) => control.rest(asked)),
    request.headers,
  );
}

export {
  answerOtherMethod as DELETE,
  answerOtherMethod as OPTIONS,
  answerOtherMethod as PATCH,
  answerOtherMethod as POST,
  answerOtherMethod as PUT,
};
