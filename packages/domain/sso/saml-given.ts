/** Who a provider of SAML is, in whichever of three ways that was given. */
import type { DomainContext } from '@patchbay/kit/definition';
import type { sso } from './definition.ts';
import type { SamlIdentity, SamlSettings, SamlUnread, SsoPorts } from './ports.ts';

type Context = Pick<DomainContext<typeof sso, 'sso', 'setSaml'>, 'error'>;

interface GivenSaml {
  readonly metadata?: string | undefined;
  readonly metadataUrl?: string | undefined;
  readonly entityId?: string | undefined;
  readonly signInUrl?: string | undefined;
  readonly certificates?: readonly string[] | undefined;
}

/** Refuses what says nothing that can be used. */
export async function identityOf(
  context: Context,
  given: GivenSaml,
  { addresses, saml }: Pick<SsoPorts, 'addresses' | 'saml'>,
): Promise<SamlIdentity> {
  const refuse = (detail: string) => context.error('sso.metadata_refused', detail);
  const { metadata, metadataUrl, entityId, signInUrl, certificates } = given;
  const byHand = [entityId, signInUrl, certificates].filter((field) => field !== undefined);
  const wayCount = [metadata, metadataUrl, byHand[0]].filter((way) => way !== undefined).length;
  if (wayCount !== 1)
    throw refuse('Give the metadata, or its address, or entity id with sign-in address and certificates.');
  const read = async (): Promise<SamlIdentity | SamlUnread> => {
    if (metadata !== undefined) return saml.readMetadata(metadata);
    if (metadataUrl !== undefined) {
      // Whether it leads to where nothing is sent, whoever fetches it looks at each time.
      const refused = addresses.browserRefusalOf(metadataUrl);
      if (refused !== undefined) throw context.error('sso.issuer_refused', `/metadataUrl: ${refused}.`);
      return await saml.fetchMetadata(metadataUrl);
    }
    if (entityId === undefined || signInUrl === undefined || certificates === undefined)
      return { refused: 'Entity id, sign-in address and certificates go together.' };
    const known = saml.readCertificates(certificates);
    return 'refused' in known ? known : { issuer: entityId, signInUrl, certificates: known };
  };
  const identity = await read();
  if ('refused' in identity) throw refuse(identity.refused);
  const refused = addresses.browserRefusalOf(identity.signInUrl);
  if (refused !== undefined)
    throw context.error(
      'sso.issuer_refused',
      `${identity.signInUrl.slice(0, SHOWN_CHARACTERS_MAX)}: ${refused}.`,
    );
  return identity;
}

const SHOWN_CHARACTERS_MAX = 200;

/** Who tried it with another sign-in address, or other keys, has not tried this. */
export const verifiedBy = ({
  signInUrl,
  certificates,
}: Pick<SamlSettings, 'signInUrl' | 'certificates'>): string =>
  [signInUrl, ...certificates.map(({ fingerprint }) => fingerprint).sort()].join(' ');
