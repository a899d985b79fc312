import { controlPlane } from '../../../server/compose.ts';

export const dynamic = 'force-dynamic';

const serve = (request: Request) => controlPlane().rest(request);
export { serve as DELETE, serve as GET, serve as PATCH, serve as POST, serve as PUT };
