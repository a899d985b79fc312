import { beforeEach, describe, expect, it } from 'vitest';
import type { ControlPlaneClient } from './control-plane-client.ts';
import { ControlPlaneRefusal } from './control-plane-client.ts';
import { Snapshots } from './snapshots.ts';

type Call = ControlPlaneClient['call'];

/** A control plane that knows some keys, and answers when the test says so where that is asked for. */
const control = {
  known: new Map<string, { state: string }>(),
  asked: [] as string[],
  runningCount: 0,
  runningCountMax: 0,
  gate: Promise.resolve(),
};
const client = {
  async call(_call: string, { keyId }: { keyId: string }) {
    control.asked.push(keyId);
    control.runningCountMax = Math.max(control.runningCountMax, ++control.runningCount);
    const key = control.known.get(keyId);
    const answer =
      key === undefined ? undefined : { keyId, accountId: 'acc_a', chain: [{ id: 'acc_a', ...key }] };
    await control.gate;
    control.runningCount--;
    if (answer === undefined) throw new ControlPlaneRefusal(404, 'resource.unknown', 'There is no such key.');
    return answer;
  },
};
let nowMs: number;
let snapshots: Snapshots;

beforeEach(() => {
  nowMs = 1_000;
  control.known = new Map([['key_known', { state: 'active' }]]);
  control.asked = [];
  control.runningCountMax = 0;
  control.gate = Promise.resolve();
  snapshots = new Snapshots({
    client: client as unknown as { call: Call },
    busAwaySinceMs: () => undefined,
    nowMs: () => nowMs,
  });
});

describe('keys that nobody knows', () => {
  it('are looked up a few at a time and remembered for a while, and push out none that is known', async () => {
    await snapshots.keys.get('key_known');
    const invented = Array.from({ length: 12_000 }, (_, index) => `key_${index}`);
    const answers = await Promise.all(invented.slice(0, 4_000).map((id) => snapshots.keys.get(id)));
    expect(new Set(answers.map(({ kind }) => kind))).toEqual(new Set(['unknown']));
    expect(control.runningCountMax).toBe(8);
    for (const id of invented.slice(4_000)) await snapshots.keys.get(id);
    const count = control.asked.length;
    expect(await snapshots.keys.get('key_11999')).toEqual({ kind: 'unknown' });
    expect(await snapshots.keys.get('key_known')).toMatchObject({ kind: 'known' });
    expect(control.asked).toHaveLength(count);
    // Those that were forgotten for want of room are asked for again, and after a while all are.
    await snapshots.keys.get('key_0');
    nowMs += 10_000;
    await snapshots.keys.get('key_11999');
    expect(control.asked).toHaveLength(count + 2);
  });
  it('are no familiar ones', async () => {
    await Promise.all(['key_known', 'key_x'].map((id) => snapshots.keys.get(id)));
    expect(['key_known', 'key_x', 'key_y'].map((id) => snapshots.keys.holds(id))).toEqual([
      true,
      false,
      false,
    ]);
    snapshots.keys.mark('key_known');
    expect(snapshots.keys.holds('key_known')).toBe(false);
  });
});

describe('what changes while it is being asked for (POL-5)', () => {
  it.each(['its account', 'the key itself'])('is asked for again: %s', async (what) => {
    let open = () => {};
    control.gate = new Promise((resolve) => {
      open = resolve;
    });
    const answer = snapshots.keys.get('key_known');
    // The control plane has read the key by now, and its answer is on the way.
    control.known.set('key_known', { state: 'suspended' });
    if (what === 'its account') snapshots.keys.markAccount('acc_a');
    else snapshots.keys.mark('key_known');
    open();
    expect(await answer).toMatchObject({ snapshot: { chain: [{ state: 'suspended' }] } });
    expect(control.asked).toHaveLength(2);
    expect(await snapshots.keys.get('key_known')).toMatchObject({ kind: 'known' });
    expect(control.asked).toHaveLength(2);
  });
  it('is not asked for again because of other accounts', async () => {
    const answer = snapshots.keys.get('key_known');
    snapshots.keys.markAccount('acc_b');
    await answer;
    expect(control.asked).toHaveLength(1);
  });
});
