import { ledgerColumns } from '@patchbay/domain/billing/export-rows';
import { expect, test } from 'vitest';
import { serveBillingFile } from './billing-files.ts';

const row = (amount: string, sourceRef: string) => ({
  ...Object.fromEntries(ledgerColumns.map((column) => [column, ''])),
  amount,
  sourceRef,
});
const parts = [
  { rows: [row('-1.25', '=cmd')], nextAfter: 'more' },
  { rows: [], nextAfter: 'still' },
  { rows: [row('0.000000001', 'a,"b"')] },
];

function serve(form: 'csv' | 'json', of: readonly unknown[] = parts) {
  const asked: string[] = [];
  const request = new Request(`http://control.test/v1/accounts/acc_1/ledger/entries.${form}?from=2026-10`);
  const answer = serveBillingFile(request, { what: 'ledger', form }, async (page) => {
    asked.push(new URL(page.url).pathname);
    return Response.json(of[asked.length - 1]);
  });
  return { asked, answer };
}

test('a ledger is one CSV file of all parts: amounts stay numbers, and no text becomes a formula', async () => {
  const { asked, answer } = serve('csv');
  const file = await answer;
  expect(file.headers.get('content-disposition')).toContain('ledger.csv');
  const [head, first, second, end] = (await file.text()).split('\r\n');
  expect(head).toBe(ledgerColumns.join(','));
  expect(first?.endsWith(",'=cmd") && first.includes(',-1.25,')).toBe(true);
  expect(second?.endsWith(',"a,""b"""')).toBe(true);
  expect(end).toBe('');
  expect(asked).toEqual(parts.map(() => '/v1/accounts/acc_1/ledger/entries'));
});

test('a ledger is one JSON array of all parts, and an empty one where there is nothing', async () => {
  const rows = JSON.parse(await (await serve('json').answer).text());
  expect(rows).toEqual(parts.flatMap((part) => part.rows));
  expect(JSON.parse(await (await serve('json', [{ rows: [] }]).answer).text())).toEqual([]);
});
