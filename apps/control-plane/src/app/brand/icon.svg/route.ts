import { iconOf } from '../../../features/brand/brand-icon.ts';
import { accountBrand, pageBrand } from '../../../features/brand/shown-brand.ts';
import { iconAccountOf } from '../../../server/page-account.ts';

export const dynamic = 'force-dynamic';

export async function GET(request: Request): Promise<Response> {
  const accountId = iconAccountOf(request.url);
  const brand = accountId === undefined ? await pageBrand() : await accountBrand(accountId);
  return new Response(iconOf(brand), {
    headers: {
      'content-type': 'image/svg+xml',
      'cache-control': 'private, max-age=300',
      vary: 'host, cookie',
    },
  });
}
