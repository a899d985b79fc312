import { controlPlane } from '../../../../../server/compose.ts';
import { answerOtherMethod } from '../../../../../server/other-methods.ts';
import { serveUsageCsv } from '../../../../../server/usage-csv.ts';

export const dynamic = 'force-dynamic';

export function GET(request: Request): Promise<Response> {
  const control = controlPlane();
  return serveUsageCsv(request, (page) => control.answering(() => control.rest(page), request.headers));
}

export {
  answerOtherMethod as DELETE,
  answerOtherMethod as OPTIONS,
  answerOtherMethod as PATCH,
  answerOtherMethod as POST,
  answerOtherMethod as PUT,
};
