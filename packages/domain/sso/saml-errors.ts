/** Why an answer of a SAML provider signs nobody in. The owners of its organisation are shown each with what to do about it. */
import type { ErrorDefinition } from '@patchbay/kit/errors';

const refused = (title: string, remedy: string): ErrorDefinition => ({
  status: 422,
  title,
  owner: 'config',
  retry: 'never',
  remedy,
});

export const samlErrors = {
  saml_unreadable: refused(
    'The answer of the provider is no SAML response.',
    'Let the provider send a SAML 2.0 response by HTTP POST, of at most 256 KiB, with one assertion, and without a document type, comments or processing instructions.',
  ),
  saml_encrypted: refused(
    'The assertion is encrypted, and no key of ours opens it.',
    'Make a key pair here and give its certificate to the provider, or the newest one if it still encrypts to another; or turn the encryption of assertions off there.',
  ),
  saml_key_missing: refused(
    'There is no key to sign requests with.',
    'Make a key pair, and give its certificate to the provider; or let requests go unsigned.',
  ),
  saml_signature: refused(
    'No signature of a certificate that is set covers the answer.',
    'Let the provider sign the assertion or the response, and compare its signing certificates with those that are set here: after it changed its key, set the new one beside the old one.',
  ),
  saml_algorithm: refused(
    'The signature, or the encryption, is made by an algorithm that is not taken.',
    'Choose RSA or ECDSA with SHA-256 or SHA-512 at the provider, for signature and digest; for encryption AES (GCM or CBC) and RSA-OAEP. SHA-1 in signatures and RSA 1.5 are refused.',
  ),
  saml_issuer: refused(
    'The answer is of another provider than the one that is set.',
    'Compare the entity id (issuer) of the provider with the one that is set here, letter by letter.',
  ),
  saml_audience: refused(
    'The assertion is made out to somebody else.',
    'Set the audience (entity id of the service provider) at the provider to the entity id that is shown here.',
  ),
  saml_recipient: refused(
    'The answer was to be sent to another address.',
    'Set the address for answers (assertion consumer service, reply URL) at the provider to the one that is shown here.',
  ),
  saml_unasked: refused(
    'Nobody here asked the provider for this answer.',
    'Begin at the sign-in page. People who begin at the provider come in only where “Take people who come from the provider” is set.',
  ),
  saml_time: refused(
    'The answer holds no longer, or not yet.',
    'Begin again. If it stays, compare the clock of the provider with the time: a minute is tolerated, and an answer holds for an hour at most.',
  ),
  saml_replayed: refused(
    'The answer was used already.',
    'Begin again. Each answer of a provider signs in once.',
  ),
  saml_subject: refused(
    'The assertion names nobody who stays the same.',
    'Let the provider send one NameID in the clear, of another format than transient: an id that no other person is ever given.',
  ),
  saml_status: refused(
    'The provider did not sign anybody in.',
    'Look there for the reason, such as a person who was not assigned to this application.',
  ),
} as const satisfies Readonly<Record<string, ErrorDefinition>>;

export type SamlRefusal = keyof typeof samlErrors;
