import { controlPlane } from '../../../server/compose.ts';

export const dynamic = 'force-dynamic';

export const GET = () => Response.json(controlPlane().openApi());
