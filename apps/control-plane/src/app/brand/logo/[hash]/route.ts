import { controlPlane } from '../../../../server/compose.ts';
import { serveLogo } from '../../../../server/serve-logo.ts';

export const dynamic = 'force-dynamic';

export async function GET(
  request: Request,
  { params }: { readonly params: Promise<{ readonly hash: string }> },
): Promise<Response> {
  const control = controlPlane();
  const { hash } = await params;
  return control.answering(() => serveLogo(control, hash), request.headers);
}
