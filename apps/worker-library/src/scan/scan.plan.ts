import type { KnownFile } from '@reelay/contracts';
import type { FoundFile } from '@reelay/media';

/** What is to be done about a path, by what is on the disk and what is on record. */
export type Finding =
  /** There is nothing to do. */
  | { readonly kind: 'unchanged' }
  /** Nothing is on record: it is new here, or was moved. */
  | { readonly kind: 'new'; readonly file: FoundFile }
  /** Something is on record that need not be true any more. */
  | { readonly kind: 'doubtful'; readonly file: FoundFile; readonly known: KnownFile }
  /** It is on record, and not on the disk. */
  | { readonly kind: 'gone'; readonly known: KnownFile };

/** A path that is on the disk, on record, or both. */
export type Pair =
  { readonly file: FoundFile; readonly known: KnownFile | null } | { readonly file: null; readonly known: KnownFile };

/** Puts together what is on the disk and what is on record; both come in the order of the bytes of their paths. */
export async function* pairUp(files: AsyncIterable<FoundFile>, known: AsyncIterable<KnownFile>): AsyncGenerator<Pair> {
  const records = known[Symbol.asyncIterator]();
  let record = await nextOf(records);
  for await (const file of files) {
    while (record !== null && comesBefore(record.path, file.path)) {
      yield { file: null, known: record };
      record = await nextOf(records);
    }
    const own = record?.path === file.path ? record : null;
    if (own !== null) record = await nextOf(records);
    yield { file, known: own };
  }
  for (; record !== null; record = await nextOf(records)) yield { file: null, known: record };
}

async function nextOf<T>(iterator: AsyncIterator<T>): Promise<T | null> {
  const next = await iterator.next();
  return next.done ? null : next.value;
}

const comesBefore = (a: string, b: string): boolean => Buffer.compare(Buffer.from(a), Buffer.from(b)) < 0;

/** @param trustRecords whether a file whose size and time are those on record is taken as known */
export function judgePair({ file, known }: Pair, trustRecords: boolean): Finding {
  if (file === null) return known.missing ? { kind: 'unchanged' } : { kind: 'gone', known };
  if (known === null) return { kind: 'new', file };
  const same =
    known.inspected &&
    !known.missing &&
    known.size_bytes === file.sizeBytes &&
    known.modified_at !== null &&
    Date.parse(known.modified_at) === file.modifiedMs;
  return trustRecords && same ? { kind: 'unchanged' } : { kind: 'doubtful', file, known };
}

/**
 * Whether what is on record of a file still holds, though its time is another one, or none is on record since a job of
 * Reelay's own made it.
 */
export const stillHolds = (known: KnownFile, file: FoundFile, fingerprint: string): boolean =>
  known.inspected &&
  known.size_bytes === file.sizeBytes &&
  (known.fingerprint === null || known.fingerprint === fingerprint);
