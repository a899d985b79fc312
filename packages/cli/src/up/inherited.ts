import { settings } from '../settings.ts';
import type { Part } from './parts.ts';

/** What a customer's server has, which may be what `up` is started from: nothing of the platform is set by it. */
const ofCustomers = new Set(
  [
    ...['ACCOUNT', 'KEY', 'EMAIL', 'PASSWORD', 'WEBHOOK_SECRET', 'LOGIC_SECRET', 'TRIGGER_SECRET'],
    ...['URL', 'SIGNAL_URL', 'TURN_URL', 'SAMPLE_URL'],
  ].map((name) => `PATCHBAY_${name}`),
);
/** `up` decides these, and tells each part what it has to know of them. */
const decided = new Set<string>(Object.values(settings).map(({ variable }) => variable));

const isOurs = (name: string): boolean => /^(PATCHBAY|DATABASE)_/.test(name);

/**
 * The variables that a part has from whoever starts the platform, besides its own: of ours, the settings of operators that no
 * flag of `up` is for, such as PATCHBAY_DNS_SERVERS. The sample has none, for no customer has them.
 */
export function inheritedBy(
  { isOfOperator }: Pick<Part, 'isOfOperator'>,
  environment: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string | undefined>> {
  const isSetting = (name: string) =>
    isOfOperator && name.startsWith('PATCHBAY_') && !ofCustomers.has(name) && !decided.has(name);
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !isOurs(name) || isSetting(name)));
}
