import { PrismaPg } from '@prisma/adapter-pg';
import type { SqlDriverAdapter, SqlMigrationAwareDriverAdapterFactory } from '@prisma/driver-adapter-utils';

/**
 * The adapter through which the schema engine applies migrations. Prisma's own cuts a script at every semicolon, and so
 * through the body of every function; this one sends it whole. PostgreSQL then runs it as one transaction: a migration
 * that fails leaves nothing behind.
 */
export function migrationAdapter(connectionString: string): SqlMigrationAwareDriverAdapterFactory {
  const factory = new PrismaPg({ connectionString });
  return {
    provider: factory.provider,
    adapterName: factory.adapterName,
    connect: async () => sendingWholeScripts(await factory.connect()),
    connectToShadowDb: async () => sendingWholeScripts(await factory.connectToShadowDb()),
  };
}

function sendingWholeScripts(adapter: SqlDriverAdapter): SqlDriverAdapter {
  // Without arguments pg uses the simple query protocol, which takes many statements at once.
  adapter.executeScript = async (sql) => {
    await adapter.executeRaw({ sql, args: [], argTypes: [] });
  };
  return adapter;
}
