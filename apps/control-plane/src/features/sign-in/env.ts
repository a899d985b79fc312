import { existsSync, readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { z } from 'zod';

const settings = z.object({
  PATCHBAY_URL: z.url(),
  /** The file that a first start on this machine writes the demo account to. */
  PATCHBAY_DEV_ENV: z.string().optional(),
});
const demoVariables = z.object({
  PATCHBAY_EMAIL: z.string(),
  PATCHBAY_PASSWORD: z.string(),
  PATCHBAY_ACCOUNT: z.string().optional(),
  PATCHBAY_SAMPLE_URL: z.url().optional(),
});

export interface DemoAccount {
  readonly email: string;
  readonly password: string;
}

const loopback = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** @param host With or without a port, as a request names it. */
export const isLoopbackHost = (host: string): boolean =>
  URL.canParse(`http://${host}`) && loopback.test(new URL(`http://${host}`).hostname);
export const isLoopbackUrl = (url: string): boolean => loopback.test(new URL(url).hostname);

/** What a first start wrote down, where the dashboard is on this machine alone. */
function readDevEnv(environment: Readonly<Record<string, string | undefined>>) {
  const { data } = settings.safeParse(environment);
  if (data?.PATCHBAY_DEV_ENV === undefined || !isLoopbackUrl(data.PATCHBAY_URL)) return undefined;
  if (!existsSync(data.PATCHBAY_DEV_ENV)) return undefined;
  return demoVariables.safeParse(parseEnv(readFileSync(data.PATCHBAY_DEV_ENV, 'utf8'))).data;
}

/** The demo account of a first start. It is told only where the dashboard is on this machine alone. */
export function readDemoAccount(
  environment: Readonly<Record<string, string | undefined>> = process.env,
): DemoAccount | undefined {
  const demo = readDevEnv(environment);
  return demo && { email: demo.PATCHBAY_EMAIL, password: demo.PATCHBAY_PASSWORD };
}

/** The sample page that runs beside a first start, and whether its key is of the account that is looked at: no page names another. */
export function sampleOn(
  lookedAtId: string,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): { readonly url: string; readonly isOfAccount: boolean } | undefined {
  const { PATCHBAY_SAMPLE_URL: url, PATCHBAY_ACCOUNT: accountId } = readDevEnv(environment) ?? {};
  return url === undefined || accountId === undefined
    ? undefined
    : { url, isOfAccount: accountId === lookedAtId };
}
