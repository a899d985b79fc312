'use client';

import type { ServiceKey } from '@patchbay/faces/mounted';
import { services } from '@patchbay/services/registry.generated';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useServiceClient } from '../../trpc/service-client.ts';
import { useRefusalToast } from '../problem/use-refusal-toast.ts';
import { fieldsOf, type SchemaField } from '../schema-form/schema-fields.ts';
import { useAccountId } from '../shell/account.ts';
import { type ConfigOrigin, configAnswer } from './config-answer.ts';
import { withoutWord } from './config-without.ts';

/** Whose configuration it is: the account's, an application's, that of one instance type of it, or an endpoint's. */
export type ConfigScope =
  | { readonly kind: 'account' }
  | { readonly kind: 'application'; readonly applicationId: string }
  | { readonly kind: 'instanceType'; readonly applicationId: string; readonly instanceType: string }
  | { readonly kind: 'endpoint'; readonly endpointId: string };

const operations = {
  account: { read: 'getConfig', write: 'putConfig' },
  application: { read: 'getApplicationConfig', write: 'putApplicationConfig' },
  instanceType: { read: 'getInstanceTypeConfig', write: 'putInstanceTypeConfig' },
  endpoint: { read: 'getEndpointConfig', write: 'putEndpointConfig' },
} as const satisfies Readonly<Record<ConfigScope['kind'], { readonly read: string; readonly write: string }>>;

/** The operations of a scope, and what they take besides the account. */
export function operationsOf({ kind, ...entity }: ConfigScope) {
  return { ...operations[kind], entity };
}

export interface ConfigValue {
  readonly field: SchemaField;
  /** What is set at this level; undefined where nothing is. */
  readonly own: unknown;
  /** What the levels above say. */
  readonly inherited: unknown;
  /** What would hold if nothing were set here, and whose word it would be: absent where it is that of the levels above. */
  readonly without: { readonly value: unknown; readonly origin: ConfigOrigin | undefined };
  /** What holds, and the level that it came from (POL-2). */
  readonly value: unknown;
  readonly origin: ConfigOrigin | undefined;
}

/**
 * The configuration of a service at one level: what is set there, what holds, and why.
 * @param from The account above whose word it is; absent: that of the highest that the reader may speak for.
 */
export function useServiceConfig(service: ServiceKey, scope: ConfigScope, from?: string) {
  const accountId = useAccountId();
  const client = useServiceClient(service);
  const { read, write, entity } = operationsOf(scope);
  const whose = from === undefined ? {} : { from };
  const query = useQuery({
    queryKey: [service, read, accountId, entity, from],
    queryFn: async ({ signal }) =>
      configAnswer.parse(await client.read(read, { accountId, ...entity, ...whose }, signal)),
  });
  const save = useMutation({
    mutationFn: (changed: Readonly<Record<string, unknown>>) =>
      client.change(write, { accountId, ...entity, ...whose, ...changed }),
  });
  const { data } = query;
  const without = data && withoutWord(data, services[service].merge);
  const known =
    data &&
    fieldsOf(services[service].config).map(
      (field): ConfigValue => ({
        field,
        own: data.stored[field.name],
        inherited: data.inherited[field.name],
        without: { value: without?.values[field.name], origin: without?.origins[field.name] },
        value: data.effective[field.name],
        origin: data.origins[field.name],
      }),
    );
  return { answer: data, values: known, error: query.error, retry: () => void query.refetch(), save };
}

/** Takes back all that one account above set at a level: its word says nothing then. */
export function useTakeBack(service: ServiceKey, scope: ConfigScope): (from: string) => void {
  const accountId = useAccountId();
  const client = useServiceClient(service);
  const showRefusal = useRefusalToast();
  const { write, entity } = operationsOf(scope);
  const takeBack = useMutation({
    mutationFn: (from: string) => client.change(write, { accountId, ...entity, from }),
    onError: showRefusal,
  });
  return takeBack.mutate;
}
