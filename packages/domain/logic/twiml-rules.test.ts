import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { type AttributeRule, twimlRules } from './twiml-rules.ts';
import { verbNames } from './verbs.ts';

const guide = readFileSync(new URL('../../../docs/logic.md', import.meta.url), 'utf8');

test('the guide names every verb of both forms, and every attribute as the reader has it', () => {
  for (const verb of verbNames) expect(guide).toContain(`\`${verb}\``);
  const lines = guide.split('\n').filter((line) => line.startsWith('|'));
  const everywhere = lines.find((line) => line.startsWith('| everywhere')) ?? '';
  for (const [verb, rules] of Object.entries(twimlRules)) {
    const line = lines.find((each) => each.split('|')[1]?.includes(`\`${verb}\``));
    expect(line, verb).toBeDefined();
    for (const [attribute, { stands, note }] of Object.entries<AttributeRule>(rules)) {
      const [, , same = '', differs = '', refused = ''] = (
        attribute === 'method' ? everywhere : (line ?? '')
      ).split('|');
      const cell = { same, differs, refused }[stands];
      expect(cell, `${verb} ${attribute}`).toContain(`\`${attribute}\``);
      if (stands === 'differs' && note !== 'it is passed over')
        expect(cell, `${verb} ${attribute}`).toContain(note);
    }
  }
});
