import { controlPlane } from '../../../../server/compose.ts';
import { serveTrpc } from '../../../../server/trpc-endpoint.ts';

export const dynamic = 'force-dynamic';

const serve = (request: Request) => serveTrpc(controlPlane(), request);

export { serve as GET, serve as POST };
