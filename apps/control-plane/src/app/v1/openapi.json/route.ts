import { brandOfHost, placeOf } from '../../../features/brand/shown-brand.ts';
import { controlPlane } from '../../../server/compose.ts';
import { answerOtherMethod } from '../../../server/other-methods.ts';

export const dynamic = 'force-dynamic';

export function GET({ headers }: Request): Promise<Response> {
  const control = controlPlane();
  return control.answering(async () => {
    const place = await placeOf(headers);
    const { name: title } = await brandOfHost(place);
    return Response.json(control.openApi({ title, baseUrl: place.baseUrl }));
  }, headers);
}

export {
  answerOtherMethod as DELETE,
  answerOtherMethod as OPTIONS,
  answerOtherMethod as PATCH,
  answerOtherMethod as POST,
  answerOtherMethod as PUT,
};
