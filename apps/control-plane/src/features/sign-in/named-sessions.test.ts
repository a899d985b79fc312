import { expect, test } from 'vitest';
import { sessionsNamedBy } from './named-sessions.ts';

test('signing out of a view signs out of the session behind it as well (C12, PRD-3)', () => {
  expect(sessionsNamedBy({ signInSessionId: 'view', returnsTo: 'own' })).toEqual(['view', 'own']);
  expect(sessionsNamedBy({ signInSessionId: 'own', returnsTo: undefined })).toEqual(['own']);
  expect(sessionsNamedBy({ signInSessionId: undefined, returnsTo: undefined })).toEqual([]);
});
