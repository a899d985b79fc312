import { controlPlane } from '../../../../server/compose.ts';
import { takeNotice } from '../../../../server/rail-notices.ts';

export const dynamic = 'force-dynamic';

/** What Stripe's test mode tells of the books of tests (PRD-1). */
export const POST = (request: Request): Promise<Response> => {
  const control = controlPlane();
  return control.answering(() => takeNotice(request, control.testRailNotices));
};
