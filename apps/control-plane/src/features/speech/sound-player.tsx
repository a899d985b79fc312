import type { ReactNode } from 'react';
import type { Outputs } from '../../trpc/client.ts';

export type Speech = Outputs['textToSpeech']['listSpeech']['items'][number];

/** What browsers play; the others are fetched. */
const played: readonly Speech['format'][] = ['wav', 'ogg-opus', 'mp3'];

/** Plays a speech, or offers its file. */
export function SoundPlayer({
  speech: { url, format, id },
  isPlaying = false,
}: {
  readonly speech: Pick<Speech, 'url' | 'format' | 'id'>;
  /** From the first moment on, as whoever has just asked for it wants. */
  readonly isPlaying?: boolean;
}): ReactNode {
  if (url === undefined) return null;
  // The page may be at another host of the platform: a path leads there from each.
  const { pathname, search } = new URL(url);
  const address = `${pathname}${search}`;
  if (played.includes(format)) {
    return (
      // biome-ignore lint/a11y/useMediaCaption: what it says is what was just written above it.
      <audio
        controls
        preload="none"
        autoPlay={isPlaying}
        src={address}
        className="h-8 w-full max-w-sm"
        aria-label={`Sound of ${id}`}
      />
    );
  }
  return (
    <a href={address} download={`${id}.${format}`} className="underline underline-offset-2">
      Download
    </a>
  );
}
