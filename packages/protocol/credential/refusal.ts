/** Why a credential is refused. The codes are stable: they are error codes of the API and reasons in the relay. */
export type CredentialErrorCode =
  | 'credential.malformed'
  | 'credential.too_long'
  | 'credential.caveat_unknown'
  | 'credential.caveat_unenforced'
  | 'credential.application_not_allowed'
  | 'credential.signature'
  | 'credential.not_yet_valid'
  | 'credential.expired'
  | 'credential.lifetime_too_long'
  | 'credential.account_not_allowed'
  | 'credential.source_not_allowed'
  | 'credential.region_not_allowed'
  | 'credential.service_not_allowed'
  | 'credential.feature_not_allowed'
  | 'credential.media_not_allowed'
  | 'credential.session_not_allowed';

/** A refusal as a value, for input from outside. `detail` may be shown to whom sent it: it holds no secret. */
export interface CredentialRefusal {
  readonly type: 'refusal';
  readonly code: CredentialErrorCode;
  readonly detail: string;
}

export function refusal(code: CredentialErrorCode, detail: string): CredentialRefusal {
  return { type: 'refusal', code, detail };
}

/** Thrown where the caller made the input: minting, narrowing, and building a secret. */
export class CredentialError extends Error {
  readonly code: CredentialErrorCode;

  constructor(code: CredentialErrorCode, detail: string) {
    super(detail);
    this.name = 'CredentialError';
    this.code = code;
  }
}

/** Runs a reader that throws CredentialError, and gives its failure as a value. Other errors are faults and pass. */
export function refusing<Result>(read: () => Result): Result | CredentialRefusal {
  try {
    return read();
  } catch (error) {
    if (error instanceof CredentialError) return refusal(error.code, error.message);
    throw error;
  }
}
