import { expect, test } from 'vitest';
import { roleText } from './role-text.ts';

test('a role is told by what it is for: built in by a sentence, defined here by its scopes', () => {
  const known = [{ id: 'rol_1', scopes: ['sessions:*', 'usage:read'] }];
  expect(roleText(known, 'viewer')).toContain('changes nothing');
  expect(roleText(known, 'rol_1')).toBe('sessions:*, usage:read');
  // One that was removed meanwhile, and a word that every object has.
  expect(roleText(known, 'rol_2')).toBe('');
});
