'use client';

import { signaling } from '@patchbay/services/signaling/definition';
import { useMutation } from '@tanstack/react-query';
import { z } from 'zod';
import { useTRPCClient } from '../../trpc/client.ts';
import { useServiceClient } from '../../trpc/service-client.ts';
import { PASS_BYTES_MAX, PASS_SECONDS, type SamplePass } from './sample-pass.ts';

const config = z.object({ effective: signaling.config.pick({ tokenTtlSecondsMax: true }) });

/** Mints what the sample page needs to call as an account: a token for its window, and one for the other person. */
export function useSamplePass() {
  const client = useTRPCClient();
  const { read } = useServiceClient('signaling');
  return useMutation({
    mutationFn: async (account: { readonly id: string; readonly name: string }): Promise<SamplePass> => {
      const { effective } = config.parse(await read('getConfig', { accountId: account.id }));
      const mint = (identity: string) =>
        client.signaling.createToken.mutate({
          accountId: account.id,
          identity,
          ttlSeconds: Math.min(PASS_SECONDS, effective.tokenTtlSecondsMax),
          bytesMax: PASS_BYTES_MAX,
        });
      // Two windows of two passes must not be taken for each other.
      const mark = crypto.randomUUID().slice(-12);
      const [own, other] = await Promise.all([mint(`host-${mark}`), mint(`guest-${mark}`)]);
      const { token, expiresAt } = own;
      return { token, invitation: other.token, accountName: account.name, expiresAt };
    },
  });
}
