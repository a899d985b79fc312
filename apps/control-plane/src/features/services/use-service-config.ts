'use client';

import type { ServiceKey } from '@patchbay/faces/mounted';
import { services } from '@patchbay/services/registry.generated';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useServiceClient } from '../../trpc/service-client.ts';
import { fieldsOf, type SchemaField } from '../schema-form/schema-fields.ts';
import { useAccountId } from '../shell/account.ts';

export interface ConfigValue {
  readonly field: SchemaField;
  /** What is set at this level; undefined while something else holds. */
  readonly own: unknown;
  /** What holds. */
  readonly value: unknown;
}

/** The configuration of a service at an account: what is set, and what holds for what is not. */
export function useServiceConfig(service: ServiceKey) {
  const accountId = useAccountId();
  const client = useServiceClient(service);
  const { config } = services[service];
  const query = useQuery({
    queryKey: [service, 'config', accountId],
    queryFn: async ({ signal }): Promise<Readonly<Record<string, unknown>>> =>
      config.parse(await client.read('getConfig', { accountId }, signal)),
  });
  const save = useMutation({
    mutationFn: (values: Readonly<Record<string, unknown>>) =>
      client.change('putConfig', { accountId, ...values }),
  });
  const held = query.data;
  const values =
    held &&
    fieldsOf(config).map((field): ConfigValue => {
      const value = held[field.name];
      return { field, value, own: value === field.otherwise ? undefined : value };
    });
  return { values, error: query.error, retry: () => void query.refetch(), save };
}
