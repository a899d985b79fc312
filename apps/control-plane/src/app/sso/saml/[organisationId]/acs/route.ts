import { controlPlane } from '../../../../../server/compose.ts';
import { receiveSaml, ssoAway } from '../../../../../server/sso-routes.ts';

export const dynamic = 'force-dynamic';

export async function POST(
  request: Request,
  { params }: { readonly params: Promise<{ readonly organisationId: string }> },
): Promise<Response> {
  const control = controlPlane();
  const { organisationId } = await params;
  return await receiveSaml(control, request, organisationId).catch((error: unknown) =>
    ssoAway(control, error),
  );
}
