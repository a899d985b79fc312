import { existsSync } from 'node:fs';

/** What a program may take of a machine, besides time. */
export interface ProgramBounds {
  /** Of addresses: what it can have of memory at all. */
  readonly memoryBytesMax: number;
  readonly cpuSecondsMax: number;
  /** Of each file that it writes. */
  readonly fileBytesMax: number;
}

/** What of a machine holds a program to bounds: both are of util-linux. */
export interface BoundingTools {
  readonly prlimit?: string | undefined;
  /** Has a program killed as soon as this process is no more, however that came: nobody else would end it then. */
  readonly setpriv?: string | undefined;
}

/** As these tools end where they found no such program. */
export const PROGRAM_MISSING_CODE = 127;
const OPEN_FILES_MAX = 64;
const folders = ['/usr/bin', '/bin', '/usr/local/bin'];

/** Those that are installed. Without them a program is bounded by time and output alone, as on a machine that is no Linux. */
export function findBoundingTools(isThere: (path: string) => boolean = existsSync): BoundingTools {
  const find = (name: string) => folders.map((folder) => `${folder}/${name}`).find((place) => isThere(place));
  return { prlimit: find('prlimit'), setpriv: find('setpriv') };
}

/** The program and its words, held to its bounds by the kernel from its first moment on. */
export function boundedCommand(
  program: string,
  args: readonly string[],
  { tools, bounds }: { readonly tools: BoundingTools; readonly bounds: ProgramBounds | undefined },
): readonly [program: string, args: readonly string[]] {
  const { prlimit, setpriv } = tools;
  if (bounds === undefined) return [program, args];
  const limits = {
    as: bounds.memoryBytesMax,
    cpu: bounds.cpuSecondsMax,
    fsize: bounds.fileBytesMax,
    nofile: OPEN_FILES_MAX,
    core: 0,
  };
  const words = [
    ...(setpriv === undefined ? [] : [setpriv, '--pdeathsig', 'KILL', '--']),
    ...(prlimit === undefined
      ? []
      : [prlimit, ...Object.entries(limits).map(([name, most]) => `--${name}=${most}`), '--']),
  ];
  const [first = program, ...rest] = [...words, program, ...args];
  return [first, rest];
}
