import { describe, expect, it } from 'vitest';
import { createRelayPorts, portRestMs } from './relay-ports.ts';

describe('relay ports (R12)', () => {
  it('each port of a range is given once, and then none', () => {
    const ports = createRelayPorts({ min: 50_000, max: 50_099 });
    const taken = Array.from({ length: 100 }, () => ports.take('any', 0));
    expect(new Set(taken).size).toBe(100);
    expect(ports.take('any', 0)).toBeUndefined();
  });
  it('a port given back rests a minute', () => {
    const ports = createRelayPorts({ min: 50_000, max: 50_000 });
    expect(ports.take('any', 0)).toBe(50_000);
    ports.giveBack(50_000, 1_000);
    expect(ports.take('any', 1_000 + portRestMs - 1)).toBeUndefined();
    expect(ports.take('any', 1_000 + portRestMs)).toBe(50_000);
  });
  it('1,000 ports have no arithmetic run above 3', () => {
    const ports = createRelayPorts({ min: 49_152, max: 65_535 });
    const taken = Array.from({ length: 1_000 }, () => ports.take('any', 0) ?? 0);
    let [run, longest] = [1, 1];
    for (let index = 2; index < taken.length; index++) {
      const [a = 0, b = 0, c = 0] = taken.slice(index - 2, index + 1);
      run = c - b === b - a ? run + 1 : 1;
      longest = Math.max(longest, run);
    }
    expect(longest).toBeLessThanOrEqual(3);
  });
  it('even ports and pairs', () => {
    const ports = createRelayPorts({ min: 50_001, max: 50_005 });
    expect([ports.take('pair', 0), ports.take('pair', 0)].sort()).toEqual([50_002, 50_004]);
    expect(ports.take('even', 0)).toBeUndefined();
    expect(ports.take('any', 0)).toBe(50_001);
  });
});
