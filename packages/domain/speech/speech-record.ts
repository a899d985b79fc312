import type { SoundFormat } from './sound-format.ts';

export const speechStates = ['queued', 'running', 'completed', 'failed'] as const;
export type SpeechState = (typeof speechStates)[number];

/** Why a text was not spoken, as events and answers name it. */
export const speechFailures = [
  'text_unreachable',
  'text_invalid',
  'text_too_long',
  'unavailable',
  'failed',
] as const;
export type SpeechFailureReason = (typeof speechFailures)[number];

/** One text that was given to be spoken, and what became of it. */
export interface SpeechRecord {
  readonly id: string;
  readonly accountId: string;
  readonly state: SpeechState;
  readonly delivery: 'sync' | 'async';
  readonly format: SoundFormat;
  readonly sampleRateHz: number;
  /** Once it is spoken: those that speak. */
  readonly voices: readonly string[];
  readonly characters: number;
  readonly words: number;
  readonly createdAt: Date;
  readonly finishedAt?: Date | undefined;
  readonly durationMs?: number | undefined;
  /** It was there from before. */
  readonly isCacheHit: boolean;
  readonly failure?: { readonly reason: SpeechFailureReason; readonly detail: string } | undefined;
  /** The file, as long as it is kept. */
  readonly file?: SpeechFile | undefined;
}

export interface SpeechFile {
  readonly objectId: string;
  readonly mediaType: string;
  readonly sizeBytes: number;
  readonly createdAt: Date;
  readonly expiresAt?: Date | undefined;
}
