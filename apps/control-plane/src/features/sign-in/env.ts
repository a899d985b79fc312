import { existsSync, readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { z } from 'zod';

const settings = z.object({
  PATCHBAY_URL: z.url(),
  /** The file that a first start on this machine writes the demo account to. */
  PATCHBAY_DEV_ENV: z.string().optional(),
});
const demoVariables = z.object({ PATCHBAY_EMAIL: z.string(), PATCHBAY_PASSWORD: z.string() });

export interface DemoAccount {
  readonly email: string;
  readonly password: string;
}

const loopback = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** The demo account of a first start. It is told only where the dashboard is on this machine alone. */
export function readDemoAccount(
  environment: Readonly<Record<string, string | undefined>> = process.env,
): DemoAccount | undefined {
  const { data } = settings.safeParse(environment);
  if (data?.PATCHBAY_DEV_ENV === undefined || !loopback.test(new URL(data.PATCHBAY_URL).hostname))
    return undefined;
  if (!existsSync(data.PATCHBAY_DEV_ENV)) return undefined;
  const demo = demoVariables.safeParse(parseEnv(readFileSync(data.PATCHBAY_DEV_ENV, 'utf8')));
  return demo.success
    ? { email: demo.data.PATCHBAY_EMAIL, password: demo.data.PATCHBAY_PASSWORD }
    : undefined;
}
