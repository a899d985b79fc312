/** What the sample needs of its surroundings. The SDK reads the PATCHBAY_ variables itself. */
export function readEnv(environment: Readonly<Record<string, string | undefined>> = process.env) {
  return { host: environment.HOST ?? '127.0.0.1', port: Number(environment.PORT ?? 3100) };
}
