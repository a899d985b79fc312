'use client';

import { soundFormats } from '@patchbay/domain/speech/sound-format';
import { Button } from '@patchbay/ui/button';
import { Labelled } from '@patchbay/ui/input';
import { Select } from '@patchbay/ui/select';
import { TextArea } from '@patchbay/ui/text-area';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { type Outputs, useTRPC } from '../../trpc/client.ts';
import { ProblemNote } from '../problem/problem-note.tsx';
import { useAccountId } from '../shell/account.ts';
import { SoundPlayer, type Speech } from './sound-player.tsx';

type Voice = Outputs['textToSpeech']['listVoices']['items'][number];

const languageName = new Intl.DisplayNames('en', { type: 'language' });
const nameOf = (language: string): string => languageName.of(language) ?? language;
const voiceLabel = ({ name, sex, accent }: Voice): string => `${name} (${sex}, ${accent})`;
const isMarkup = (text: string): boolean => text.trimStart().startsWith('<speak');

/** Speaks what is written, in a voice that is chosen by its language. */
export function SpeakForm({ voices }: { readonly voices: readonly Voice[] }): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const queries = useQueryClient();
  const [text, setText] = useState('Recording has started.');
  const [voice, setVoice] = useState(voices[0]?.name ?? '');
  const [format, setFormat] = useState<Speech['format']>('wav');
  const language = voices.find(({ name }) => name === voice)?.language ?? '';
  const languages = [...new Set(voices.map((each) => each.language))];
  const speak = useMutation(
    trpc.textToSpeech.synthesize.mutationOptions({
      onSettled: () => queries.invalidateQueries(trpc.textToSpeech.listSpeech.pathFilter()),
    }),
  );
  const asked = { accountId, voice, format, ...(isMarkup(text) ? { ssml: text } : { text }) };
  return (
    <form
      className="grid max-w-xl gap-3"
      onSubmit={(event) => {
        event.preventDefault();
        speak.mutate(asked);
      }}
    >
      <TextArea
        label="Text"
        hint="As it is said, or SSML in a <speak> element."
        rows={3}
        error={undefined}
        value={text}
        onChange={setText}
      />
      <div className="flex flex-wrap gap-3">
        <Labelled label="Language">
          <Select
            label="Language"
            value={language}
            options={languages.map((value) => ({ value, label: nameOf(value) }))}
            onChange={(chosen) => setVoice(voices.find((each) => each.language === chosen)?.name ?? voice)}
          />
        </Labelled>
        <Labelled label="Voice">
          <Select
            label="Voice"
            value={voice}
            options={voices
              .filter((each) => each.language === language)
              .map((each) => ({ value: each.name, label: voiceLabel(each) }))}
            onChange={setVoice}
          />
        </Labelled>
        <Labelled label="Format">
          <Select
            label="Format"
            value={format}
            options={soundFormats.map((value) => ({ value, label: value }))}
            onChange={setFormat}
          />
        </Labelled>
      </div>
      {speak.error === null ? null : <ProblemNote error={speak.error} />}
      <div className="flex flex-wrap items-center gap-3">
        <Button type="submit" isPending={speak.isPending} disabled={text.trim() === ''}>
          Speak
        </Button>
        {speak.data === undefined ? null : <SoundPlayer key={speak.data.id} speech={speak.data} isPlaying />}
      </div>
    </form>
  );
}
