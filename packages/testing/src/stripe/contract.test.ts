import { expect, it } from 'vitest';
import { contractRefusal, requests, version } from './contract.ts';
import { contractVersion, requestParameters } from './contract-source.ts';
import { decodeForm } from './form-body.ts';

it('knows every request that we make, of the SDK that is installed', () => {
  // Otherwise: node packages/testing/generate-stripe-contract.ts
  expect(version).toBe(contractVersion());
  expect(Object.keys(requests)).toEqual(Object.keys(requestParameters));
  // With a wrong import the generator makes empty schemas, and says nothing.
  for (const { properties } of Object.values(requests)) expect(properties).not.toEqual({});
});

it('reads a form as the SDK writes it, and wants what has to be there', () => {
  expect(decodeForm('a[b][0]=c&a[b][1]=d&e=1')).toEqual({ a: { b: ['c', 'd'] }, e: '1' });
  expect(contractRefusal('transfers.create', { amount: '5', currency: 'eur' })).toEqual({
    message: 'Missing required param: destination.',
    parameter: 'destination',
  });
  expect(contractRefusal('transfers.create', { amount: '5', currency: 'eur', destination: 'x' })).toBe(
    undefined,
  );
});
