import { controlPlane } from '../../../../server/compose.ts';
import { serveScim } from '../../../../server/scim.ts';

export const dynamic = 'force-dynamic';

const serve = (request: Request): Promise<Response> => serveScim(controlPlane(), request);

export { serve as DELETE, serve as GET, serve as PATCH, serve as POST, serve as PUT };
