import { controlPlane } from '../../../../../server/compose.ts';
import { samlMetadata, ssoAway } from '../../../../../server/sso-routes.ts';

export const dynamic = 'force-dynamic';

export async function GET(
  request: Request,
  { params }: { readonly params: Promise<{ readonly organisationId: string }> },
): Promise<Response> {
  const control = controlPlane();
  const { organisationId } = await params;
  return await samlMetadata(control, request, organisationId).catch((error: unknown) =>
    ssoAway(control, error),
  );
}
