import { iconOf } from '../../../features/brand/brand-icon.ts';
import { pageBrand } from '../../../features/brand/shown-brand.ts';

export const dynamic = 'force-dynamic';

export async function GET(): Promise<Response> {
  return new Response(iconOf(await pageBrand()), {
    headers: { 'content-type': 'image/svg+xml', 'cache-control': 'private, max-age=300', vary: 'host' },
  });
}
