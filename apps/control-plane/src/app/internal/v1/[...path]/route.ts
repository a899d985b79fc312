import { controlPlane } from '../../../../server/compose.ts';
import { serveInternal } from '../../../../server/internal-api.ts';

export const dynamic = 'force-dynamic';

const serve = (request: Request) => serveInternal(controlPlane(), request);

export { serve as GET, serve as POST };
