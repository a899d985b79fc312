import { z } from 'zod';
import { fileOrderShape } from '../file-jobs/file-order.ts';
import { answeringDefaults } from './answering-detector.ts';
import { sensitivities } from './speech-segments.ts';

/** Two hours: what is decoded of it lies in a file of 230 MB while it is listened to. */
export const DETECTION_SECONDS_MAX = 7_200;

/** What is listened for. `answering-machine`: who answered a call, besides where somebody speaks. */
export const detectionKinds = ['presence', 'answering-machine'] as const;
export type DetectionKind = (typeof detectionKinds)[number];

const { confidenceMin, silenceMsMax, timeoutMs, machineShare } = answeringDefaults;

/** How it is listened to, in the configuration and, for one file, in a request. */
export const detectionRules = {
  sensitivity: z.enum(sensitivities),
  speechMsMin: z.int().min(32).max(5_000),
  pauseMsMin: z.int().min(32).max(10_000),
  answerConfidencePercentMin: z.int().min(50).max(99),
  answerSilenceMsMax: z.int().min(500).max(60_000),
  answerTimeoutMs: z.int().min(1_000).max(120_000),
  machineSharePercent: z.int().min(1).max(99),
} as const;

export const detectionDefaults = {
  sensitivity: 'normal',
  speechMsMin: 250,
  pauseMsMin: 300,
  answerConfidencePercentMin: Math.round(100 * confidenceMin),
  answerSilenceMsMax: silenceMsMax,
  answerTimeoutMs: timeoutMs,
  machineSharePercent: Math.round(100 * machineShare),
} as const satisfies { readonly [Rule in keyof typeof detectionRules]: unknown };

export const detectionOrderSchema = z.object({
  ...fileOrderShape,
  kind: z.enum(detectionKinds),
  rules: z.object(detectionRules),
});

export type DetectionOrder = z.output<typeof detectionOrderSchema>;
export type DetectionRules = DetectionOrder['rules'];
