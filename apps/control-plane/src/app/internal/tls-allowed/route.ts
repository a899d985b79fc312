import { controlPlane } from '../../../server/compose.ts';
import { answerTlsAllowed } from '../../../server/tls-allowed.ts';

export const dynamic = 'force-dynamic';

export function GET(request: Request): Promise<Response> {
  return answerTlsAllowed(controlPlane(), request);
}
