'use client';

import { signaling } from '@patchbay/services/signaling/definition';
import { useToast } from '@patchbay/ui/toast';
import { useMutation } from '@tanstack/react-query';
import { z } from 'zod';
import { useTRPCClient } from '../../trpc/client.ts';
import { useServiceClient } from '../../trpc/service-client.ts';
import { problemOf, remedyOf } from '../problem/problem.ts';
import { PASS_BYTES_MAX, PASS_SECONDS, passAddress } from './sample-pass.ts';

const config = z.object({ effective: signaling.config.pick({ tokenTtlSecondsMax: true }) });

interface OpenAsAccount {
  readonly accountId: string;
  readonly accountName: string;
  readonly sampleUrl: string;
  /** Blank, until there is a pass. */
  readonly opened: Window;
}

/**
 * Mints what the sample page needs to call as an account, a token for its window and one for the other person, and leads
 * the window there. It is led there, or closed, whatever became of the button in the meantime.
 */
export function useOpenAsAccount() {
  const toast = useToast();
  const client = useTRPCClient();
  const { read } = useServiceClient('signaling');
  return useMutation({
    mutationFn: async ({ accountId }: OpenAsAccount) => {
      const { effective } = config.parse(await read('getConfig', { accountId }));
      const mint = (identity: string) =>
        client.signaling.createToken.mutate({
          accountId,
          identity,
          ttlSeconds: Math.min(PASS_SECONDS, effective.tokenTtlSecondsMax),
          bytesMax: PASS_BYTES_MAX,
        });
      // Two windows of two passes must not be taken for each other.
      const mark = crypto.randomUUID().slice(-6);
      const [own, other] = await Promise.all([mint(`host-${mark}`), mint(`guest-${mark}`)]);
      return { token: own.token, invitation: other.token, expiresAt: own.expiresAt };
    },
    onSuccess: (pass, { opened, sampleUrl, accountName }) =>
      opened.location.replace(passAddress(sampleUrl, { ...pass, accountName })),
    onError: (error, { opened }) => {
      opened.close();
      const { title, detail, code } = problemOf(error);
      toast({ tone: 'fail', title, detail: remedyOf(code) ?? detail });
    },
  });
}
