import { isBoundBy, type PolicyChain, type PolicyLevel, type PolicyOrigin } from './policy-level.ts';

/** Whether a service is on for whoever a chain is of, and the level that made it so (ACC-10). */
export type ServiceStanding =
  /** No level asks for it to be enabled. */
  | { readonly isOn: true; readonly reason: 'default' }
  | { readonly isOn: true; readonly reason: 'enabled'; readonly origin: PolicyOrigin }
  /** A level asks for it, and no account at or below that level has enabled it yet. */
  | { readonly isOn: false; readonly reason: 'not_enabled' | 'disabled'; readonly origin: PolicyOrigin };

/**
 * From the top down: a level asks for a service to be enabled, and an account at or below it does so, for itself and all
 * below it, or one above does so for it. An account that turned a service off has it off for all below it, whatever those say, and
 * so has an account for which one above turned it off.
 */
export function serviceStanding(chain: PolicyChain, service: string): ServiceStanding {
  let standing: ServiceStanding = { isOn: true, reason: 'default' };
  let lock: PolicyLevel | undefined;
  for (const level of chain) {
    const { origin, values, locked, enabling } = level;
    const isHeard = lock === undefined || !isBoundBy(level, lock);
    const isAskedFor = isHeard && values.servicesToEnable?.includes(service) === true;
    if (isAskedFor && standing.reason !== 'not_enabled')
      standing = { isOn: false, reason: 'not_enabled', origin };
    if (isHeard && locked.includes('servicesToEnable')) lock = level;
    if (enabling?.disabled.includes(service) === true) return { isOn: false, reason: 'disabled', origin };
    if (enabling?.enabled.includes(service) === true) standing = { isOn: true, reason: 'enabled', origin };
  }
  return standing;
}
