import { z } from 'zod';
import type { Device } from './registration.ts';

/** One word for devices: `kind:mobile`, `name:Desk phone`, or `id:` and what a device calls itself. */
export const DEVICE_CHOICES_MAX = 8;
export const DEVICE_CHOICE_LENGTH_MAX = 80;
export const TURN_SECONDS_MIN = 5;
export const TURN_SECONDS_MAX = 45;
/** Of one of several turns where nobody says how long it lasts; where all ring together they do for the longest. */
export const TURN_SECONDS = 15;

export const deviceChoiceSchema = z
  .string()
  .max(DEVICE_CHOICE_LENGTH_MAX)
  .regex(/^(kind|name|id):./);

export const ringStrategies = ['together', 'in-turn'] as const;
export type RingStrategy = (typeof ringStrategies)[number];

/** Which devices of an endpoint ring, and when (IDP). The first to answer has the call in any case. */
export const ringingSchema = z.object({
  /** Those that ring, the most wanted first. Absent: all of them. */
  devices: z.array(deviceChoiceSchema).min(1).max(DEVICE_CHOICES_MAX).exactOptional(),
  /** `together` (where nobody says): all at once. `in-turn`: one choice after the other, or one device where none is made. */
  strategy: z.enum(ringStrategies).exactOptional(),
  /** How long one turn rings. */
  turnSeconds: z.int().min(TURN_SECONDS_MIN).max(TURN_SECONDS_MAX).exactOptional(),
});

export interface Ringing {
  readonly devices?: readonly string[] | undefined;
  readonly strategy?: RingStrategy | undefined;
  readonly turnSeconds?: number | undefined;
}

export interface RingPlan<Ringed> {
  /** Those that ring together, turn after turn. No device is in two of them, and none is empty. */
  readonly turns: readonly (readonly Ringed[])[];
  readonly turnMs: number;
}

/**
 * The order in which devices ring: as the endpoint's own settings say, and within them as whoever calls asks. A caller leaves
 * devices out and puts them in order; whom the endpoint leaves out no caller reaches.
 */
export function ringPlan<Ringed extends { readonly device: Device }>(
  connected: readonly Ringed[],
  own: Ringing = {},
  asked: Ringing = {},
): RingPlan<Ringed> {
  const allowed = chosen([connected], own.devices);
  const wanted = chosen(asked.devices === undefined ? allowed : [allowed.flat()], asked.devices);
  const strategy = asked.strategy ?? own.strategy ?? 'together';
  const isChosen = (asked.devices ?? own.devices) !== undefined;
  const inTurn = isChosen ? wanted : wanted.flat().map((device) => [device]);
  const turns = (strategy === 'together' ? [wanted.flat()] : inTurn).filter((turn) => turn.length > 0);
  const turnSeconds = asked.turnSeconds ?? own.turnSeconds;
  const seconds = turnSeconds ?? (strategy === 'together' ? TURN_SECONDS_MAX : TURN_SECONDS);
  return { turns, turnMs: seconds * 1_000 };
}

/** By choice, each device under the first that it fits. Without choices, as they are. */
function chosen<Ringed extends { readonly device: Device }>(
  groups: readonly (readonly Ringed[])[],
  choices: readonly string[] | undefined,
): readonly (readonly Ringed[])[] {
  if (choices === undefined) return groups;
  const left = new Set(groups.flat());
  return choices.map((choice) => {
    const fitting = [...left].filter(({ device }) => fits(device, choice));
    for (const each of fitting) left.delete(each);
    return fitting;
  });
}

function fits({ id, name, kind }: Device, choice: string): boolean {
  const at = choice.indexOf(':');
  const [of, wanted] = [choice.slice(0, at), choice.slice(at + 1)];
  if (of === 'kind') return kind === wanted;
  if (of === 'name') return name === wanted;
  return of === 'id' && id === wanted;
}
