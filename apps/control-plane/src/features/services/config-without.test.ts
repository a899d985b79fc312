import { expect, test } from 'vitest';
import { withoutWord } from './config-without.ts';

const merge = { sessionSecondsMax: 'narrowest', mode: 'nearest' } as const;
const at = { level: 'account', accountId: 'acc_c' } as const;
const by = (setById: string) => ({ ...at, by: 'above', setById }) as const;
const inherited = { mode: 'auto' };

test('somebody above who says nothing is shown what those below them set, and whose it is (POL-2)', () => {
  const fromAbove = [
    { origin: by('acc_d'), values: { sessionSecondsMax: 900 } },
    { origin: by('acc_r'), values: { sessionSecondsMax: 900 } },
  ];
  const answer = { origin: by('acc_o'), inherited, fromAbove, own: { mode: 'relay' } };
  expect(withoutWord(answer, merge)).toEqual({
    values: { sessionSecondsMax: 900, mode: 'relay' },
    origins: { sessionSecondsMax: by('acc_d'), mode: at },
  });
});

test('a word is left out of what would hold without it, and what the others say stays', () => {
  const fromAbove = [
    { origin: by('acc_d'), values: { sessionSecondsMax: 60 } },
    { origin: by('acc_r'), values: { sessionSecondsMax: 900 } },
  ];
  const ofD = { origin: by('acc_d'), inherited, fromAbove, own: {} };
  expect(withoutWord(ofD, merge).values).toEqual({ sessionSecondsMax: 900, mode: 'auto' });
  const ofC = { origin: at, inherited, fromAbove: [], own: { mode: 'relay' } };
  expect(withoutWord(ofC, merge)).toEqual({ values: inherited, origins: { mode: undefined } });
});
