import { defineConfig } from 'prisma/config';

/** No datasource: migrations are applied by the schema engine's wasm build, with an address given at run time. */
export default defineConfig({ schema: 'prisma/schema', migrations: { path: 'prisma/migrations' } });
