import { expect, test } from 'vitest';
import { internalRequest, matchInternal } from './internal-api.ts';

test('a call finds its way back from its own path', () => {
  const snapshot = internalRequest('keySnapshot', { keyId: 'key_1/2' });
  expect(snapshot).toEqual({ method: 'GET', path: '/internal/v1/keys/key_1%2F2/snapshot', body: '' });
  expect(matchInternal('GET', snapshot.path)).toEqual({ call: 'keySnapshot', fields: { keyId: 'key_1/2' } });
  const revocations = internalRequest('listRevocations', { sinceMs: 5 });
  expect(revocations.path).toBe('/internal/v1/revocations?sinceMs=5');
  expect(matchInternal('GET', '/internal/v1/revocations')).toEqual({ call: 'listRevocations', fields: {} });
});

test('what is no call is none', () => {
  expect(matchInternal('GET', '/internal/v1/nodes/enrol')).toBeUndefined();
  expect(matchInternal('POST', '/internal/v1/nodes/enrol/more')).toBeUndefined();
});
