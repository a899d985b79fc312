import { useQuery } from '@tanstack/react-query';
import { useTRPC } from '../../trpc/client.ts';
import { useAccountId } from './account.ts';

/** As many as one page of a list has. Any other is chosen by its id, in code. */
const CUSTOMERS_MAX = 100;

/** The accounts right below the one that is looked at, to choose one of: undefined until they are known. */
export function useCustomers() {
  const accountId = useAccountId();
  const { data, error } = useQuery(useTRPC().accounts.list.queryOptions({ accountId, limit: CUSTOMERS_MAX }));
  return { customers: data?.items, error };
}
