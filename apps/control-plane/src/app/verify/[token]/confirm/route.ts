import { controlPlane } from '../../../../server/compose.ts';
import { ADDRESS_HEADER } from '../../../../server/request-address.ts';

export const dynamic = 'force-dynamic';

/** A POST, so that what merely looks at the links of a mail uses none of them up. Whoever has the token may. */
export async function POST(
  request: Request,
  { params }: { readonly params: Promise<{ readonly token: string }> },
): Promise<Response> {
  const { token } = await params;
  const done = await controlPlane().emailLinks.verify(token, request.headers.get(ADDRESS_HEADER) ?? '');
  const location = done === 'email_taken' ? '/verify/taken' : done === undefined ? '/verify/used' : '/';
  return new Response(null, { status: 303, headers: { location } });
}
