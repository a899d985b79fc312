'use client';

import { type MediaFormat, mediaFormatFacts, mediaFormats } from '@patchbay/domain/transcoding/media-format';
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

const kindWords = { audio: 'sound', video: 'film', image: 'picture' } as const;
const formatOptions = mediaFormats.map((value) => ({
  value,
  label: `${value} (${kindWords[mediaFormatFacts(value).kind]})`,
}));
const channelOptions = [
  { value: 'same', label: 'As they are' },
  { value: 'mono', label: 'Mono' },
] as const;

/** Uploads a file and has it turned into another. */
export function ConvertForm(): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const queries = useQueryClient();
  const [file, setFile] = useState<File>();
  const [format, setFormat] = useState<MediaFormat>('wav');
  const [channels, setChannels] = useState<(typeof channelOptions)[number]['value']>('same');
  const hasSound = mediaFormatFacts(format).kind !== 'image';
  const create = useMutation(trpc.transcoding.createJob.mutationOptions());
  const convert = useMutation({
    mutationFn: async (chosen: File) => {
      const asked = { accountId, format, uploadBytes: chosen.size };
      const mono = hasSound && channels === 'mono' ? { channels: 1 as const } : {};
      const { uploadUrl } = await create.mutateAsync({ ...asked, ...mono });
      await sendUpload(uploadUrl, chosen);
    },
    onSettled: () => queries.invalidateQueries(trpc.transcoding.listJobs.pathFilter()),
  });
  return (
    <form
      className="grid max-w-xl gap-3"
      onSubmit={(event) => {
        event.preventDefault();
        if (file !== undefined) convert.mutate(file);
      }}
    >
      <FileField
        accept="audio/*,video/*,image/*"
        hint="Sound, a film or a picture, of 100 MB at most."
        file={file}
        onChoose={setFile}
      />
      <div className="flex flex-wrap gap-3">
        <Labelled label="Becomes">
          <Select label="Becomes" value={format} options={formatOptions} onChange={setFormat} />
        </Labelled>
        {hasSound ? (
          <Labelled label="Channels">
            <Select label="Channels" value={channels} options={[...channelOptions]} onChange={setChannels} />
          </Labelled>
        ) : null}
      </div>
      {convert.error === null ? null : <ProblemNote error={create.error ?? convert.error} />}
      <div>
        <Button type="submit" isPending={convert.isPending} disabled={!isGiven(file)}>
          Convert
        </Button>
      </div>
    </form>
  );
}
