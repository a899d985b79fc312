/** Totals of so many credentials are remembered; past that the idle one that was used longest ago is let go. */
const scopesMax = 100_000;

interface Scope {
  usedMs: number;
  sinceMs: number;
  running: number;
}

/** Connected time of credentials over all their sessions on this node (ACC-7, limits that count in total). */
export class SecondsBudget {
  readonly #scopes = new Map<string, Scope>();

  start(prefixId: string, nowMs: number): void {
    const scope = this.#scopes.get(prefixId) ?? { usedMs: 0, sinceMs: nowMs, running: 0 };
    this.#advance(scope, nowMs);
    scope.running += 1;
    this.#scopes.delete(prefixId);
    this.#scopes.set(prefixId, scope);
    if (this.#scopes.size > scopesMax) this.#forgetOldestIdle();
  }

  stop(prefixId: string, nowMs: number): void {
    const scope = this.#scopes.get(prefixId);
    if (scope === undefined) return;
    this.#advance(scope, nowMs);
    scope.running = Math.max(0, scope.running - 1);
  }

  usedMs(prefixId: string, nowMs: number): number {
    const scope = this.#scopes.get(prefixId);
    if (scope === undefined) return 0;
    this.#advance(scope, nowMs);
    return scope.usedMs;
  }

  /** Two sessions at once use the time twice as fast. */
  #advance(scope: Scope, nowMs: number): void {
    scope.usedMs += scope.running * Math.max(0, nowMs - scope.sinceMs);
    scope.sinceMs = nowMs;
  }

  #forgetOldestIdle(): void {
    for (const [prefixId, { running }] of this.#scopes) {
      if (running > 0) continue;
      this.#scopes.delete(prefixId);
      return;
    }
  }
}
