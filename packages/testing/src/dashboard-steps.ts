import type { IceServer } from '@patchbay/sdk-node';
import type { Page } from 'playwright-core';
import { accountOf } from './dashboard-browser.ts';

/** On the page of an account's accounts: makes one below it, and opens it. */
export async function createAccount(page: Page, name: string): Promise<string> {
  await page.getByRole('button', { name: 'New sub-account', exact: true }).click();
  await page.getByLabel('Name', { exact: true }).fill(name);
  await page.getByRole('button', { name: 'Create', exact: true }).click();
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await page.getByRole('link', { name, exact: true }).click();
  await page.getByRole('button', { name: new RegExp(`^${name}: switch account`) }).waitFor();
  return accountOf(page);
}

/** Chooses in the dialog that is open. */
export async function choose(page: Page, label: string, option: string): Promise<void> {
  await page.getByRole('dialog').getByRole('combobox', { name: label, exact: true }).click();
  await page.getByRole('option', { name: option, exact: true }).click();
}

/** On the page of keys: makes one by which anything in the account may be done, so that credentials can be minted. */
export async function createKey(page: Page, name: string): Promise<string> {
  await page.getByRole('button', { name: 'New key', exact: true }).click();
  await page.getByLabel('Name', { exact: true }).fill(name);
  await page.getByLabel('everything in this account').check();
  await page.getByRole('button', { name: 'Create', exact: true }).click();
  const secret = (await page.getByRole('dialog').locator('[data-secret]').first().textContent()) ?? '';
  await page.getByRole('button', { name: 'I have it' }).click();
  return secret;
}

/** On the page of credentials, with the relay chosen: mints, and takes what it shows this once. */
export async function mintOn(page: Page, turnUrl: string): Promise<readonly IceServer[]> {
  await page.getByRole('button', { name: 'Mint', exact: true }).click();
  const secrets = page.getByRole('dialog').locator('[data-secret]');
  await secrets.first().waitFor();
  const [username = '', credential = ''] = await secrets.allTextContents();
  await page.getByRole('button', { name: 'I have it' }).click();
  return [{ urls: [turnUrl], username, credential }];
}

/** Asks a procedure as a page does, with the cookie of whoever signed in. */
export const askInPage = (page: Page, procedure: string, input: object): Promise<unknown> =>
  page.evaluate(
    async ([name, json]) => {
      const answer = await fetch(`/api/trpc/${name}?input=${encodeURIComponent(json ?? '')}`);
      const { result } = (await answer.json()) as { result: { data: unknown } };
      return result.data;
    },
    [procedure, JSON.stringify(input)],
  );
