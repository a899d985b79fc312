import { describe, expect, it } from 'vitest';
import { createClientUses } from './client-uses.ts';

const nat = '203.0.113.7';

/** Two clients behind one address, as a relay sees them. */
function behindNat() {
  const uses = createClientUses();
  let count = 0;
  return {
    uses,
    join: (nowMs: number) => uses.join('cnt', nat, { allocationId: `a${count++}`, nowMs }),
    leave: (nowMs: number, isReleased = true) => uses.leave('cnt', nat, { isReleased, nowMs }),
  };
}

describe('who has a use of a credential, as a relay sees it (ACC-7)', () => {
  it('the allocations of one client are one use, whenever they begin', () => {
    const { join } = behindNat();
    expect(join(0)).toEqual({ clientKey: nat, isFirstSeen: true });
    expect(join(40)).toEqual({ clientKey: nat, isFirstSeen: false });
    expect(join(29_000)).toEqual({ clientKey: nat, isFirstSeen: false });
  });

  it('a client that closes and starts anew at once goes on with its use', () => {
    const { join, leave } = behindNat();
    join(0);
    leave(5_000);
    expect(join(6_900)).toEqual({ clientKey: nat, isFirstSeen: false });
  });

  it('who comes from the same address after the client has left is another, for as long as the address would tell otherwise', () => {
    const { uses, join, leave } = behindNat();
    join(0);
    join(10);
    leave(5_000);
    expect(join(5_000).clientKey).toBe(nat);
    leave(5_100);
    leave(5_200);
    expect(join(7_200)).toEqual({ clientKey: `${nat}/a3`, isFirstSeen: false });
    // Refused by the platform: it never lived.
    leave(7_210, false);
    expect(join(9_500).clientKey).toBe(`${nat}/a4`);
    leave(9_600);
    uses.sweep(39_599);
    expect(join(39_599).clientKey).toBe(`${nat}/a5`);
  });

  it('a client whose allocation was lost may come back', () => {
    const { join, leave } = behindNat();
    join(0);
    leave(5_000, false);
    expect(join(10_000)).toEqual({ clientKey: nat, isFirstSeen: true });
  });

  it('a use that is long over is forgotten: the platform counts 30 seconds by itself', () => {
    const { uses, join, leave } = behindNat();
    join(0);
    leave(1_000);
    uses.sweep(31_000);
    expect(join(31_000)).toEqual({ clientKey: nat, isFirstSeen: true });
  });
});
