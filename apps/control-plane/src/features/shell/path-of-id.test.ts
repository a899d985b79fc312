import { createId } from '@patchbay/kit/ids';
import { expect, test } from 'vitest';
import { pathOfId } from './path-of-id.ts';

const here = createId('acc');
const [acc, ses, app, org] = [createId('acc'), createId('ses'), createId('app'), createId('org')];

test.each([
  [acc, `/accounts/${acc}`],
  [ses, `/accounts/${here}/sessions/${ses}`],
  [app, `/accounts/${here}/applications/${app}`],
  [org, `/accounts/${here}/organisation`],
  [`${acc}/services/signaling/config`, `/accounts/${acc}/services/signaling`],
  [`${acc}/services/signaling/config/above`, `/accounts/${acc}/services/signaling`],
  [`${acc}/${app}/services/signaling/config`, `/accounts/${acc}/applications/${app}`],
  [`${acc}/${app}/paid/services/signaling/config`, `/accounts/${acc}/applications/${app}`],
  ['usr_x', undefined],
  ['somebody', undefined],
])('%s leads to %s', (id, path) => {
  expect(pathOfId(id, here)).toBe(path);
});
