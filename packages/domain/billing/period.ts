/** A billing period: a UTC month, such as '2026-11'. Half-open. */
export interface Period {
  readonly name: string;
  readonly fromMs: number;
  readonly toMs: number;
}

export function periodOf(name: string): Period {
  const match = /^(\d{4})-(0[1-9]|1[0-2])$/.exec(name);
  if (match === null) throw new RangeError(`${JSON.stringify(name)} is no UTC month.`);
  const [year, month] = [Number(match[1]), Number(match[2])];
  return { name, fromMs: Date.UTC(year, month - 1), toMs: Date.UTC(year, month) };
}

export const periodAt = (atMs: number): Period => periodOf(new Date(atMs).toISOString().slice(0, 7));
