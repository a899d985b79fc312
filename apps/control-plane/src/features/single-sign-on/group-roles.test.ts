import { expect, test } from 'vitest';
import { readText, toText } from './group-roles.ts';

const roles = [
  { id: 'developer', name: 'developer' },
  { id: 'rol_1', name: 'Help desk' },
];

test('what is written is what is shown, roles by their names', () => {
  const pairs = [
    { group: 'cn=engineers,dc=acme', role: 'developer' },
    { group: 'desk', role: 'rol_1' },
  ];
  const text = toText(pairs, roles);
  expect(text).toBe('cn=engineers,dc=acme = developer\ndesk = Help desk');
  expect(readText(`\n ${text}\n\n`, roles)).toEqual({ pairs });
});

test('a line without a role, or with one that nobody may be given, is named', () => {
  for (const line of ['engineers', '= developer', 'engineers = owner', 'engineers ='])
    expect(readText(`desk = help desk\n${line}`, roles)).toEqual({ wrong: expect.stringContaining(line) });
});
