import type { SqlRunner } from './statement.js';

/** What is known of a key: it is new, or was answered, or was used for something else. */
export type KeyClaim<T> =
  { readonly kind: 'new' } | { readonly kind: 'answered'; readonly answer: T } | { readonly kind: 'other_body' };

/**
 * Claims a key for this transaction. Whoever comes second waits for the first one to commit, and then
 * finds its answer; if the first one fails, the second is the first.
 */
export async function claimKey<T>(runner: SqlRunner, key: string, bodyHash: string): Promise<KeyClaim<T>> {
  const [claimed] = await runner.query<unknown[]>(
    'INSERT INTO idempotency_keys (key, body_hash) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING key',
    [key, bodyHash],
  );
  if (claimed !== undefined) return { kind: 'new' };
  const [known] = await runner.query<{ body_hash: string; answer: T }[]>(
    'SELECT body_hash, answer FROM idempotency_keys WHERE key = $1',
    [key],
  );
  if (known?.body_hash !== bodyHash) return { kind: 'other_body' };
  return { kind: 'answered', answer: known.answer };
}

/** Keeps the answer beside its key, in the transaction that claimed it. */
export async function keepAnswer(runner: SqlRunner, key: string, answer: unknown): Promise<void> {
  await runner.query('UPDATE idempotency_keys SET answer = $2 WHERE key = $1', [key, JSON.stringify(answer)]);
}

/** Forgets keys of this age. */
export async function forgetKeys(runner: SqlRunner, olderThanMs: number): Promise<void> {
  await runner.query("DELETE FROM idempotency_keys WHERE created_at < now() - $1 * interval '1 ms'", [olderThanMs]);
}
