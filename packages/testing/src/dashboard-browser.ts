import type { Page } from 'playwright-core';

export interface SignIn {
  readonly url: string;
  readonly email: string;
  readonly password: string;
}

/** Signs in on the page of it, and waits until an account is shown. Answers the account. */
export async function signInTo(page: Page, { url, email, password }: SignIn): Promise<string> {
  failOnErrors(page);
  await openPage(page, `${url}/sign-in`);
  await page.getByLabel('E-mail').fill(email);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.waitForURL(/\/accounts\/acc_/);
  return accountOf(page);
}

const watched = new WeakSet<Page>();

/**
 * Lets the run fail at whatever a page throws or complains of, such as a render that differs from the server's. What the
 * browser notes of a refused request is not the page's doing.
 */
export function failOnErrors(page: Page): void {
  if (watched.has(page)) return;
  watched.add(page);
  const fail = (what: string) => {
    throw new Error(`${page.url()} in the browser: ${what}`);
  };
  page.on('pageerror', (error) => fail(error.stack ?? error.message));
  page.on('console', (message) => {
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
      fail(message.text());
  });
}

interface TrpcAnswer {
  readonly error?: { readonly data?: { readonly problem?: { readonly code?: string } } };
}

/**
 * What the pages of a browser asked and were refused, a line each: a page asks for nothing that it cannot be given. What it
 * is not given it leaves out without a word, and the account's log of refusals tells of it (PRD-8).
 */
export function refusedTo(page: Page): readonly string[] {
  const refused: string[] = [];
  page.on('response', async (response) => {
    const { pathname } = new URL(response.url());
    if (!pathname.startsWith('/api/trpc/')) return;
    // A page that was left before it came has no answer of it.
    const body: unknown = await response.json().catch(() => []);
    const answers = (Array.isArray(body) ? body : [body]) as readonly TrpcAnswer[];
    const names = pathname.slice('/api/trpc/'.length).split(',');
    for (const [index, { error }] of answers.entries())
      if (error !== undefined) refused.push(`${names[index]} ${error.data?.problem?.code} at ${page.url()}`);
  });
  return refused;
}

/** The account that a page is about. */
export function accountOf(page: Page): string {
  const [, accountId] = /\/accounts\/(acc_\w+)/.exec(page.url()) ?? [];
  if (accountId === undefined) throw new Error(`${page.url()} is of no account.`);
  return accountId;
}

/** Opens a page of the dashboard, and waits until its buttons answer: what the server drew is there before React has it. */
export async function openPage(page: Page, address: string): Promise<void> {
  await page.goto(address).catch(async (error: unknown) => {
    if (!String(error).includes('ERR_ABORTED')) throw error;
    // The page was leading on by itself, such as to the sign-in whose cookie was just taken: it is left once it is there.
    await page.waitForLoadState();
    await page.goto(address);
  });
  await page.waitForFunction(() =>
    [...document.querySelectorAll('button')].every((button) =>
      Object.keys(button).some((key) => key.startsWith('__reactProps')),
    ),
  );
}

/** Waits until a page shows what it fetched, or why it could not. The gallery's samples of waiting do not count. */
export async function settled(page: Page, timeoutMs = 20_000): Promise<void> {
  await page.waitForFunction(
    () =>
      document.querySelector('h1') !== null &&
      document.querySelector(':is([data-skeleton],[aria-busy=true]):not([data-samples] *)') === null,
    undefined,
    { timeout: timeoutMs },
  );
}
