import { serveBillingFile } from '../../../../../server/billing-files.ts';
import { controlPlane } from '../../../../../server/compose.ts';
import { answerOtherMethod } from '../../../../../server/other-methods.ts';

export const dynamic = 'force-dynamic';

export function GET(request: Request): Promise<Response> {
  const control = controlPlane();
  return serveBillingFile(request, { what: 'collected-taxes', form: 'json' }, (page) =>
    control.answering(() => control.rest(page), request.headers),
  );
}

export {
  answerOtherMethod as DELETE,
  answerOtherMethod as OPTIONS,
  answerOtherMethod as PATCH,
  answerOtherMethod as POST,
  answerOtherMethod as PUT,
};
