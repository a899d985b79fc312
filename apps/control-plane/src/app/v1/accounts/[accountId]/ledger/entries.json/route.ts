import { serveBillingFile } from '../../../../../../server/billing-files.ts';
import { controlPlane } from '../../../../../../server/compose.ts';

export const dynamic = 'force-dynamic';

export function GET(request: Request): Promise<Response> {
  const control = controlPlane();
  return serveBillingFile(request, { what: 'ledger', form: 'json' }, (page) =>
    control.answering(() => control.rest(page), request.headers),
  );
}
