/**
 * The longest span of one record of an allocation, in milliseconds. Usage is to be readable within 5 seconds (MET-5): a
 * tick, the spool, the upload and its storing take up to 1.5 of them, and whoever reads asks in his own rhythm. It costs
 * one record per allocation in that time.
 */
export const RELAY_RECORD_MS_MAX = 2_000;

/** The same of a call at signaling: usage goes to the spool at least this often, and a crash loses no more (MET-2). */
export const SIGNALING_RECORD_MS_MAX = 500;
