'use client';

import { FILE_BYTES_MAX } from '@patchbay/domain/file-jobs/file-order';
import { type MediaFormat, mediaFormatFacts, mediaFormats } from '@patchbay/domain/transcoding/media-format';
import { Button } from '@patchbay/ui/button';
import { Field, Labelled } from '@patchbay/ui/input';
import { Select } from '@patchbay/ui/select';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { useTRPC } from '../../trpc/client.ts';
import { ProblemNote } from '../problem/problem-note.tsx';
import { useAccountId } from '../shell/account.ts';
import { pathOf } from './job-result.tsx';

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
      if (uploadUrl === undefined) return;
      const headers = { 'content-type': 'application/octet-stream' };
      const sent = await fetch(pathOf(uploadUrl), { method: 'PUT', headers, body: chosen });
      if (!sent.ok) throw new Error('The file was not taken. Choose it again.');
    },
    onSettled: () => queries.invalidateQueries(trpc.transcoding.listJobs.pathFilter()),
  });
  const isTooLarge = file !== undefined && file.size > FILE_BYTES_MAX;
  return (
    <form
      className="grid max-w-xl gap-3"
      onSubmit={(event) => {
        event.preventDefault();
        if (file !== undefined) convert.mutate(file);
      }}
    >
      <Field
        label="File"
        type="file"
        accept="audio/*,video/*,image/*"
        hint="Sound, a film or a picture, of 100 MB at most."
        error={isTooLarge ? 'This file is too large.' : undefined}
        className="[&_input]:py-1.5 [&_input]:text-sm"
        onChange={({ target }) => setFile(target.files?.[0])}
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
        <Button
          type="submit"
          isPending={convert.isPending}
          disabled={file === undefined || file.size === 0 || isTooLarge}
        >
          Convert
        </Button>
      </div>
    </form>
  );
}
