import { randomInt } from 'node:crypto';

/** RFC 6056 §3.1: the dynamic ports, from which relayed addresses are taken by default. */
export const defaultPortRange = { min: 49_152, max: 65_535 } as const;

export interface PortRange {
  readonly min: number;
  /** Included. */
  readonly max: number;
}

/** A port that was closed rests this long, so that late packets of its peers reach nobody new (R12). */
export const portRestMs = 60_000;

/** Tries for a port that neither this relay nor another process has. */
const tryCountMax = 64;

export interface RelayPorts {
  /**
   * A random port that is not in use here and has rested, or undefined when none was found. Of a pair the even
   * port is given, and the next one is taken with it.
   */
  take(rule: 'any' | 'even' | 'pair', nowMs: number): number | undefined;
  giveBack(port: number, nowMs: number): void;
}

/** Relay ports in an order nobody can guess (RFC 6056 §3.1, R12). */
export function createRelayPorts({ min, max }: PortRange): RelayPorts {
  const used = new Set<number>();
  const resting = new Map<number, number>();
  const size = max - min + 1;
  const wake = (nowMs: number) => {
    for (const [port, untilMs] of resting) {
      if (untilMs > nowMs) return;
      resting.delete(port);
    }
  };
  const isFree = (port: number) => port <= max && !used.has(port) && !resting.has(port);
  return {
    take(rule, nowMs) {
      wake(nowMs);
      const busyCount = used.size + resting.size;
      let port = min + randomInt(size);
      // A crowded or small range is walked from a random place, which finds what is left; a roomy one is drawn from anew.
      const isWalked = busyCount * 2 > size || size <= tryCountMax;
      for (let tries = 0; tries < (isWalked ? size : tryCountMax); tries++) {
        const isFit =
          (rule === 'any' || port % 2 === 0) && isFree(port) && (rule !== 'pair' || isFree(port + 1));
        if (isFit) {
          used.add(port);
          if (rule === 'pair') used.add(port + 1);
          return port;
        }
        port = isWalked ? min + ((port - min + 1) % size) : min + randomInt(size);
      }
      return undefined;
    },
    giveBack(port, nowMs) {
      used.delete(port);
      resting.delete(port);
      resting.set(port, nowMs + portRestMs);
    },
  };
}
