import type { DataClassName } from '../privacy/data-classes.ts';

/** A file that a service left for an account. */
export interface StoredObject {
  readonly id: string;
  readonly accountId: string;
  /** In kebab-case, such as text-to-speech. */
  readonly service: string;
  /** What it is among what that service leaves, such as speech. */
  readonly kind: string;
  readonly dataClass: DataClassName;
  readonly mediaType: string;
  readonly sizeBytes: number;
  readonly durationMs?: number | undefined;
  readonly createdAt: Date;
  /** Where it goes before its class does. */
  readonly expiresAt?: Date | undefined;
}
