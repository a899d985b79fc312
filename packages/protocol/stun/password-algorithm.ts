import { readUint16, writeUint16 } from './byte-order.ts';
import type { KeyAlgorithm } from './long-term-key.ts';
import { paddedLength } from './padding.ts';

/** RFC 8489 §18.5. */
const numberOf = { md5: 0x0001, sha256: 0x0002 } as const;

/** RFC 8489 §14.11: the list in PASSWORD-ALGORITHMS; neither algorithm has parameters. */
export function encodePasswordAlgorithms(algorithms: readonly KeyAlgorithm[]): Uint8Array {
  const value = new Uint8Array(4 * algorithms.length);
  for (const [index, algorithm] of algorithms.entries()) writeUint16(value, 4 * index, numberOf[algorithm]);
  return value;
}

/** RFC 8489 §14.12: PASSWORD-ALGORITHM names one. Undefined when it is unknown or brings parameters. */
export function decodePasswordAlgorithm(value: Uint8Array): KeyAlgorithm | undefined {
  if (value.length !== 4 || readUint16(value, 2) !== 0) return undefined;
  const number = readUint16(value, 0);
  return number === numberOf.md5 ? 'md5' : number === numberOf.sha256 ? 'sha256' : undefined;
}

/** The numbers of a PASSWORD-ALGORITHMS list, unknown ones included. Undefined when an entry overruns. */
export function decodePasswordAlgorithms(value: Uint8Array): readonly number[] | undefined {
  const numbers: number[] = [];
  for (let offset = 0; offset < value.length; ) {
    if (offset + 4 > value.length) return undefined;
    numbers.push(readUint16(value, offset));
    offset += 4 + paddedLength(readUint16(value, offset + 2));
    if (offset > value.length) return undefined;
  }
  return numbers;
}
