import { z } from 'zod';
import type { FileFailure, FileJob } from '../file-jobs/file-job.ts';
import { answerers, answerReasons } from './answering-detector.ts';
import type { DetectionKind } from './detection-order.ts';

/** Of one sound: what more there is of them is counted in its sums and is not listed. */
export const SEGMENTS_MAX = 5_000;
export const BEEPS_MAX = 500;
/** Of its wave form, from its beginning to its end. */
export const LEVELS_COUNT = 480;

const answeringSchema = z.object({
  answeredBy: z.enum(answerers),
  reason: z.enum(answerReasons),
  /** How probable it is, 0 to 1. */
  confidence: z.number(),
  /** From the beginning of the sound. */
  decidedAtMs: z.int(),
  greetingMs: z.int(),
  /** Where the first beep is over: from then on a machine records. */
  beepEndMs: z.int().optional(),
});

const sums = {
  /** Of the sound that was listened to. */
  durationMs: z.int(),
  speechMs: z.int(),
  silenceMs: z.int(),
  /** Of the longest stretch in which nobody speaks. */
  longestSilenceMs: z.int(),
  /** How much of it is speech, 0 to 1. */
  talkRatio: z.number(),
  segmentCount: z.int(),
  beepCount: z.int(),
  /** Where somebody is heard first. */
  firstSpeechMs: z.int().optional(),
  answering: answeringSchema.optional(),
} as const;

/** What was heard in short, as events and lists tell it. */
export const heardSchema = z.object(sums);
export type Heard = z.output<typeof heardSchema>;

/** All that was heard. */
export const findingsSchema = z.object({
  ...sums,
  segments: z
    .array(z.object({ startMs: z.int(), endMs: z.int(), confidence: z.number() }))
    .describe('The first 5,000.'),
  beeps: z.array(z.object({ startMs: z.int(), endMs: z.int(), hertz: z.int() })).describe('The first 500.'),
  levels: z.array(z.int()).describe('The wave form: the loudest of each of up to 480 equal parts, 0 to 100.'),
});
export type Findings = z.output<typeof findingsSchema>;

export function heardOf({ segments: _segments, beeps: _beeps, levels: _levels, ...heard }: Findings): Heard {
  return heard;
}

/** A sound that an account gave to be listened to, and what was heard in it (SPD). */
export interface DetectionJob extends FileJob<FileFailure> {
  readonly kind: DetectionKind;
  readonly findings?: Findings | undefined;
}
