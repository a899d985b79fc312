import { expect, test } from 'vitest';
import { readText, toText } from './list-text.ts';

test('what is stored reads back as it was', () => {
  const entries = [
    { network: '203.0.113.0/24', label: 'Office Berlin' },
    { network: '2001:db8::1', label: '' },
  ];
  expect(toText(entries)).toBe('203.0.113.0/24 Office Berlin\n2001:db8::1');
  expect(readText(toText(entries))).toEqual({ entries });
});

test('blank lines are nothing, and a line that is no address is named', () => {
  expect(readText('\n  192.0.2.1,  Branch\t two \n\n')).toEqual({
    entries: [{ network: '192.0.2.1', label: 'Branch two' }],
  });
  expect(readText('192.0.2.1\n10.1.0.0/8 with bits behind its prefix')).toEqual({ wrong: '10.1.0.0/8' });
  expect(readText('office')).toEqual({ wrong: 'office' });
});
