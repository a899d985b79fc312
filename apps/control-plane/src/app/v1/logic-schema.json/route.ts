import { documentJsonSchema } from '@patchbay/domain/logic/document';
import { answerOtherMethod } from '../../../server/other-methods.ts';

export const dynamic = 'force-dynamic';

export function GET(): Response {
  return Response.json(documentJsonSchema(), { headers: { 'content-type': 'application/schema+json' } });
}

export {
  answerOtherMethod as DELETE,
  answerOtherMethod as OPTIONS,
  answerOtherMethod as PATCH,
  answerOtherMethod as POST,
  answerOtherMethod as PUT,
};
