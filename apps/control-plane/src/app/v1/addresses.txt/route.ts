import { serveAddresses } from '../../../server/addresses-file.ts';
import { controlPlane } from '../../../server/compose.ts';

export const dynamic = 'force-dynamic';

export function GET(request: Request): Promise<Response> {
  const control = controlPlane();
  return serveAddresses(request, 'txt', (asked) =>
    control.answering(() => control.rest(asked), request.headers),
  );
}
