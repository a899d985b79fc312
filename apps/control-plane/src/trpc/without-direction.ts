import type { AppRouter } from '@patchbay/faces/trpc';
import type { TRPCLink } from '@trpc/client';

/**
 * tRPC adds the `direction` of an infinite query to what the page asks for. No operation has such a field, and requests
 * are strict: it stays on this side. Lists are only read forward.
 */
export const withoutDirection: TRPCLink<AppRouter> =
  () =>
  ({ op, next }) =>
    next({ ...op, input: inputWithoutDirection(op.input) });

/** The input as the operation declares it. */
export function inputWithoutDirection(input: unknown): unknown {
  if (typeof input !== 'object' || input === null || !('direction' in input)) return input;
  const { direction: _direction, ...declared } = input;
  return declared;
}
