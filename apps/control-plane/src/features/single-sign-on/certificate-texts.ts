/** Certificates as people copy them: one below the other. */
export const joinCertificates = (certificates: readonly { readonly certificate: string }[]): string =>
  certificates
    .map(
      ({ certificate }) =>
        `-----BEGIN CERTIFICATE-----\n${certificate.replace(/.{64}(?=.)/g, '$&\n')}\n-----END CERTIFICATE-----`,
    )
    .join('\n');

/** Each by itself. What stands between two is left out; what is no PEM at all is one, as a page of a provider shows it. */
export function splitCertificates(text: string): readonly string[] {
  const found = text.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g);
  if (found !== null) return found;
  return text.trim() === '' ? [] : [text.trim()];
}
