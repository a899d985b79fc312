import { isId } from '@patchbay/kit/ids';
import { controlPlane } from '../../../../server/compose.ts';
import { takeNotice } from '../../../../server/rail-notices.ts';

export const dynamic = 'force-dynamic';

/** What the Stripe account of a seller that collects itself tells (decision 0017). */
export const POST = async (
  request: Request,
  { params }: { readonly params: Promise<{ readonly accountId: string }> },
): Promise<Response> => {
  const { accountId } = await params;
  if (!isId('acc', accountId)) return new Response(null, { status: 404 });
  const control = controlPlane();
  return await control.answering(async () => takeNotice(request, await control.railNoticesOf(accountId)));
};
