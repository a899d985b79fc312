'use client';

import type { DetectionKind } from '@patchbay/domain/speech-detection/detection-order';
import { type Sensitivity, sensitivities } from '@patchbay/domain/speech-detection/speech-segments';
import { Button } from '@patchbay/ui/button';
import { Labelled } from '@patchbay/ui/input';
import { Select } from '@patchbay/ui/select';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { useTRPC } from '../../trpc/client.ts';
import { FileField, isGiven } from '../file-jobs/file-field.tsx';
import { sendUpload } from '../file-jobs/send-upload.ts';
import { ProblemNote } from '../problem/problem-note.tsx';
import { useAccountId } from '../shell/account.ts';

const kindOptions: { readonly value: DetectionKind; readonly label: string }[] = [
  { value: 'presence', label: 'Where somebody speaks' },
  { value: 'answering-machine', label: 'And who answered a call' },
];
const sensitivityOptions: { readonly value: Sensitivity | 'configured'; readonly label: string }[] = [
  { value: 'configured', label: 'As configured' },
  ...sensitivities.map((value) => ({ value, label: value })),
];

/** Uploads a sound and has it listened to. */
export function DetectForm(): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const queries = useQueryClient();
  const [file, setFile] = useState<File>();
  const [kind, setKind] = useState<DetectionKind>('presence');
  const [sensitivity, setSensitivity] = useState<Sensitivity | 'configured'>('configured');
  const create = useMutation(trpc.speechDetection.createJob.mutationOptions());
  const listen = useMutation({
    mutationFn: async (chosen: File) => {
      const asked = { accountId, kind, uploadBytes: chosen.size };
      const { uploadUrl } = await create.mutateAsync({
        ...asked,
        ...(sensitivity === 'configured' ? {} : { sensitivity }),
      });
      await sendUpload(uploadUrl, chosen);
    },
    onSettled: () => queries.invalidateQueries(trpc.speechDetection.listJobs.pathFilter()),
  });
  return (
    <form
      className="grid max-w-xl gap-3"
      onSubmit={(event) => {
        event.preventDefault();
        if (file !== undefined) listen.mutate(file);
      }}
    >
      <FileField
        accept="audio/*,video/*"
        hint="Sound, or a film that has some, of 100 MB at most."
        file={file}
        onChoose={setFile}
      />
      <div className="flex flex-wrap gap-3">
        <Labelled label="Listen for">
          <Select label="Listen for" value={kind} options={kindOptions} onChange={setKind} />
        </Labelled>
        <Labelled label="Sensitivity">
          <Select
            label="Sensitivity"
            value={sensitivity}
            options={sensitivityOptions}
            onChange={setSensitivity}
          />
        </Labelled>
      </div>
      {listen.error === null ? null : <ProblemNote error={create.error ?? listen.error} />}
      <div>
        <Button type="submit" isPending={listen.isPending} disabled={!isGiven(file)}>
          Listen
        </Button>
      </div>
    </form>
  );
}
