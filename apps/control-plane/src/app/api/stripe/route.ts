import { controlPlane } from '../../../server/compose.ts';
import { takeNotice } from '../../../server/rail-notices.ts';

export const dynamic = 'force-dynamic';

export const POST = (request: Request): Promise<Response> => {
  const control = controlPlane();
  return control.answering(() => takeNotice(request, control.railNotices));
};
