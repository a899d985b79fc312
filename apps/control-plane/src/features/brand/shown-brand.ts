import { namelessBrand, platformBrand, type ShownBrand, shownBrandOf } from '@patchbay/domain/branding/brand';
import { createRequestId } from '@patchbay/faces/trpc';
import { headers } from 'next/headers';
import { cache } from 'react';
import { controlPlane } from '../../server/compose.ts';
import { PAGE_ACCOUNT_HEADER } from '../../server/page-account.ts';
import { type RequestHost, unknownHost } from '../../server/request-host.ts';
import { signInEvidence } from '../sign-in/signed-in.ts';

/** Of the request that a page or an action is rendered for. */
export const requestHost = cache(async (): Promise<RequestHost> => controlPlane().hosts.of(await headers()));

/** The brand of a host: of its account, or of the platform's own account, or as the platform comes. */
export async function brandOfHost(host: RequestHost): Promise<ShownBrand> {
  if (host.kind === 'unknown') return namelessBrand;
  const { brands, platformAccount } = controlPlane();
  const accountId = host.within ?? (await platformAccount());
  return accountId === undefined ? platformBrand : shownBrandOf(await brands.of(accountId));
}

/** Where a request was sent, for what tells others where to send theirs. */
export async function placeOf(sent: Headers): Promise<Exclude<RequestHost, { readonly kind: 'unknown' }>> {
  const host = await controlPlane().hosts.of(sent);
  if (host.kind === 'unknown') throw unknownHost();
  return host;
}

/** What a page shows before it is known which account it is about. While the store is away it names nobody but the platform. */
export const pageBrand = cache(async (): Promise<ShownBrand> => {
  const host = await requestHost().catch((): RequestHost => ({ kind: 'unknown' }));
  return await brandOfHost(host).catch(() => (host.kind === 'platform' ? platformBrand : namelessBrand));
});

/**
 * What the pages of an account show: the brand of whoever is next above the highest account that the reader sees, and at the
 * host of a brand none that is above that one (PRD-2).
 */
export const accountBrand = cache(async (accountId: string): Promise<ShownBrand> => {
  const { brands, router } = controlPlane();
  try {
    const { within } = (await requestHost()) as { readonly within?: string };
    const caller = router.createCaller({
      evidence: await signInEvidence(),
      requestId: createRequestId(),
      signal: new AbortController().signal,
      responseHeaders: new Headers(),
    });
    const { ancestors } = await caller.accounts.get({ accountId });
    const above = await brands.above(ancestors[0]?.id ?? accountId, within);
    return above === undefined ? await pageBrand() : shownBrandOf(above);
  } catch {
    return await pageBrand();
  }
});

/** What frames any page: the brand of the account that it is of, or that was looked at last, to who sees that one; else the host's (PRD-2). */
export const frameBrand = cache(async (): Promise<ShownBrand> => {
  const accountId = (await headers()).get(PAGE_ACCOUNT_HEADER);
  return accountId === null ? await pageBrand() : await accountBrand(accountId);
});

/** What the page of a mailed link shows: the brand that its mail was in, and that of the host where there is none (PRD-2). */
export const linkBrand = cache(async (token: string): Promise<ShownBrand> => {
  try {
    const { within } = await placeOf(await headers());
    const brand = await controlPlane().brands.ofLink(token, within);
    return brand === undefined ? await pageBrand() : shownBrandOf(brand);
  } catch {
    return await pageBrand();
  }
});

/** Whether a stranger gets an account here. What the platform's own host says, the sign-up itself knows. */
export async function isSignUpOpen(): Promise<boolean> {
  try {
    const { within } = await placeOf(await headers());
    return within === undefined || (await controlPlane().brands.of(within))?.isSignUpOpen === true;
  } catch {
    return true;
  }
}
