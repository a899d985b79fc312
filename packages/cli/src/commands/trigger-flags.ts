import { type DimensionFilter, readDimensionFilter } from '@patchbay/kit/dimension-filter';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { given } from '../given.ts';
import { Refusal } from '../refusal.ts';
import { positiveInteger } from './positive-integer.ts';

const actions = [
  'notify',
  'callback',
  'suspend',
  'end-sessions',
  'throttle',
  'disable-service',
  'disable-feature',
  'email',
] as const;

/** What is done when a trigger fires, as it is typed. */
export interface ActionFlags {
  readonly action: (typeof actions)[number];
  readonly node?: string;
  readonly kbps?: number;
  readonly service?: string;
  readonly feature?: string;
  readonly to?: string;
  readonly url?: string;
  readonly fallback?: string;
  readonly webhook?: string;
  readonly force?: true;
}

const ofActions = ['node', 'kbps', 'service', 'feature', 'to', 'url', 'fallback', 'webhook'] as const;

/** What was typed that means nothing without an action. */
export const flagOfActionIn = (flags: Omit<ActionFlags, 'action'>): string | undefined =>
  ofActions.find((name) => flags[name] !== undefined);

/** Within what it is counted; of none, in all. */
export interface WindowFlags {
  readonly per?: 'hour' | 'day' | 'month';
  readonly seconds?: number;
}

const ofTargets = ['for', 'application', 'endpoint', 'credential', 'session', 'own'] as const;

/** Whose use is counted. */
export interface TargetFlags {
  readonly for?: string;
  readonly application?: string;
  readonly endpoint?: string;
  readonly credential?: string;
  readonly session?: string;
  readonly own?: true;
}

export const isTargetIn = (flags: TargetFlags): boolean =>
  ofTargets.some((name) => flags[name] !== undefined);

export interface CreateFlags extends ActionFlags, WindowFlags, TargetFlags {
  readonly account?: string;
  readonly json?: boolean;
  readonly meter?: string;
  readonly event?: string;
  readonly measure?: string;
  readonly where?: DimensionFilter;
  readonly limit: number;
  readonly show?: true;
}

/** `direction:in,region:eu`, once or several times. */
export function filterOf(text: string, before: DimensionFilter = {}): DimensionFilter {
  const read = readDimensionFilter(text);
  if (typeof read === 'string') throw new InvalidArgumentError(read);
  return { ...before, ...read };
}

export function conditionOf({ limit, per, seconds }: WindowFlags & { readonly limit: number }) {
  if (per !== undefined && seconds !== undefined) throw new Refusal('Give --per or --seconds, not both.');
  if (per !== undefined) return { kind: 'recurring', limit, per } as const;
  return seconds === undefined
    ? ({ kind: 'threshold', limit } as const)
    : ({ kind: 'rate', limit, seconds } as const);
}

export function counterOf({ meter, event, where, measure }: CreateFlags) {
  if (measure !== undefined && meter === undefined && event === undefined) return { measure };
  const filter = where === undefined ? {} : { where };
  if (meter !== undefined && event === undefined) return { meter, ...filter };
  if (event !== undefined && meter === undefined) return { event, ...filter };
  throw new Refusal('Give --meter, --event or --measure: one of them is counted.');
}

export function actionOf(flags: ActionFlags) {
  const { action, kbps, service, feature, to, node, url, fallback, webhook } = flags;
  if (action === 'callback') {
    if ((url === undefined) === (webhook === undefined))
      throw new Refusal('--action callback needs --url, or --webhook of one that there is.');
    if (url === undefined) return { kind: 'callback', ...given({ webhookId: webhook }) } as const;
    return { kind: 'callback', url, ...given({ fallbackUrl: fallback }) } as const;
  }
  if (action === 'disable-service') {
    if (service === undefined)
      throw new Refusal('--action disable-service needs --service, such as signaling.');
    return { kind: 'disableService', service } as const;
  }
  if (action === 'disable-feature') {
    if (feature === undefined)
      throw new Refusal('--action disable-feature needs --feature, such as network-discovery.relay.');
    return { kind: 'disableFeature', feature } as const;
  }
  if (action === 'email') {
    if (to === undefined) throw new Refusal('--action email needs --to, an address of your team.');
    return { kind: 'email', address: to } as const;
  }
  if (action === 'throttle') {
    if (kbps === undefined) throw new Refusal('--action throttle needs --kbps.');
    return { kind: 'throttle', bitsPerSecondMax: kbps * 1_000 } as const;
  }
  if (action === 'end-sessions') return { kind: 'endSessions', ...given({ nodeId: node }) } as const;
  return { kind: action } as const;
}

export function targetOf({ for: accountId, application, endpoint, credential, session, own }: TargetFlags) {
  return {
    scope: own === true ? ('own' as const) : ('descendants' as const),
    ...given({
      accountId,
      applicationId: application,
      endpointId: endpoint,
      credentialId: credential,
      sessionId: session,
    }),
  };
}

/** Adds what an action needs; without `fallback` none is taken where none is typed. */
export function addActionFlags(command: Command, fallback?: (typeof actions)[number]): Command {
  const action = new Option('--action <action>', 'what is done').choices(actions);
  return command
    .addOption(fallback === undefined ? action : action.default(fallback))
    .option('--kbps <count>', 'of --action throttle', positiveInteger)
    .option('--service <name>', 'of --action disable-service, such as signaling')
    .option('--feature <name>', 'of --action disable-feature, such as network-discovery.relay')
    .option('--node <id>', 'of --action end-sessions, for operators: of this node alone')
    .option(
      '--url <address>',
      'of --action callback: called with a secret of its own, which is shown this once',
    )
    .option('--fallback <address>', 'of --url: asked when that failed')
    .option('--webhook <id>', 'of --action callback: a webhook of this account')
    .option('--to <address>', 'of --action email: somebody of the team')
    .option('--force', 'of --action suspend: also of the account itself, which cannot take it back');
}
