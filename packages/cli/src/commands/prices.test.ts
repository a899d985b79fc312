import { createId } from '@patchbay/kit/ids';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startFakePlatform } from './fake-platform.testing.ts';

let platform: Awaited<ReturnType<typeof startFakePlatform>>;
beforeAll(async () => {
  platform = await startFakePlatform();
});
afterAll(() => platform.stop());

test('prices explain: who pays whom at each level, in units that a person counts, and where that rounds, as it was set', async () => {
  const sellerId = createId('acc');
  const level = (buyerName: string, sellerName: string, rest: object) => ({
    ...{ buyerId: platform.accountId, buyerName, sellerId, sellerName, origin: 'child', ...rest },
  });
  platform.answers.set('GET ', { id: platform.accountId, currency: 'EUR' });
  platform.answers.set('GET /prices/explain', {
    items: [
      {
        ...{ service: 'network-discovery', meter: 'bytes', where: { region: 'local' } },
        levels: [
          level('Shop', 'Maker', { amount: '400000000', per: '1000000000', free: '5000000000' }),
          level('Maker', 'Acme', { amount: '1', per: '7', origin: 'default' }),
        ],
      },
      {
        ...{ service: 'signaling', meter: 'connectedMs', where: {} },
        levels: [
          level('Shop', 'Maker', { amount: '5000000000', per: '0', due: 'period', origin: 'inherited' }),
        ],
      },
    ],
  });
  const { stdout } = await platform.run('prices', 'explain');
  expect(stdout.trimEnd().split('\n')).toEqual([
    expect.stringMatching(/^what is used +who pays +whom +EUR +set$/),
    expect.stringMatching(
      /^network-discovery\.bytes, region local +Shop +Maker +0\.40 per GB, first 5 × GB free +for this account$/,
    ),
    expect.stringMatching(
      /^ +Maker +Acme +≈ 0\.142857143 per GB, exactly 0\.000000001 per 7 bytes +for all below$/,
    ),
    expect.stringMatching(
      /^signaling\.connectedMs +Shop +Maker +5 a month, used or not +as the seller pays$/,
    ),
  ]);
  expect((await platform.run('prices', 'explain', 'signaling')).stdout).not.toContain('network-discovery');
});
