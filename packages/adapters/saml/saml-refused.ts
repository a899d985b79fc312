import { ProviderError, shownDetail } from '@patchbay/domain/sso/provider-error';
import { type SamlRefusal, samlErrors } from '@patchbay/domain/sso/saml-errors';

/** Ends the reading of an answer. @param seen What stands there in place of what should, for the owners. */
export function refuse(refusal: SamlRefusal, seen?: string): never {
  const { title } = samlErrors[refusal];
  const detail = seen === undefined ? title : `${title} ${shownDetail(seen)}`;
  // That a provider says no is between it and the person.
  throw new ProviderError(refusal === 'saml_status' ? 'declined' : 'invalid', detail, {
    code: `sso.${refusal}`,
  });
}
