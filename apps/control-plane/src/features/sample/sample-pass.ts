/** Long enough for a first call and a look around; whoever finds the link later has nothing. */
export const PASS_SECONDS = 1_800;
/** Through relays, of each of the two: good pictures both ways for all of the time. */
export const PASS_BYTES_MAX = 1_000_000_000;

export interface SamplePass {
  /** Lets the window connect that the dashboard opens. */
  readonly token: string;
  /** Lets one other person connect, who is sent the link. */
  readonly invitation: string;
  readonly accountName: string;
  readonly expiresAt: string;
}

/**
 * The address of the sample page with a pass, in the form that the sample's README gives. Behind the `#`, so that no
 * server sees it, nor its log.
 */
export function passAddress(sampleUrl: string, pass: SamplePass): string {
  const { token, invitation, accountName: account, expiresAt: until } = pass;
  const address = new URL(sampleUrl);
  address.hash = new URLSearchParams({ pass: token, invitation, account, until }).toString();
  return address.href;
}
