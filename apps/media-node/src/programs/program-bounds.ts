import { existsSync } from 'node:fs';

/** What a program may take of a machine, besides time. */
export interface ProgramBounds {
  /** Of addresses: what it can have of memory at all. */
  readonly memoryBytesMax: number;
  readonly cpuSecondsMax: number;
  /** Of each file that it writes. */
  readonly fileBytesMax: number;
}

/** As prlimit ends where it found no such program (util-linux). */
export const PROGRAM_MISSING_CODE = 127;
const OPEN_FILES_MAX = 64;
const places = ['/usr/bin/prlimit', '/bin/prlimit', '/usr/local/bin/prlimit'];

/** Where it is installed. Undefined: a program is bounded by time and output alone, as on a machine that is no Linux. */
export const findPrlimit = (isThere: (path: string) => boolean = existsSync): string | undefined =>
  places.find((place) => isThere(place));

/** The program and its words, with the kernel holding it to its bounds from its first moment on. */
export function boundedCommand(
  program: string,
  args: readonly string[],
  { prlimit, bounds }: { readonly prlimit: string | undefined; readonly bounds: ProgramBounds | undefined },
): readonly [program: string, args: readonly string[]] {
  if (prlimit === undefined || bounds === undefined) return [program, args];
  const limits = {
    as: bounds.memoryBytesMax,
    cpu: bounds.cpuSecondsMax,
    fsize: bounds.fileBytesMax,
    nofile: OPEN_FILES_MAX,
    core: 0,
  };
  return [
    prlimit,
    [...Object.entries(limits).map(([name, most]) => `--${name}=${most}`), '--', program, ...args],
  ];
}
