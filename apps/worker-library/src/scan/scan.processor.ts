import { lstat } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import {
  VIDEO_EXTENSIONS,
  type BuiltInDirectoryType,
  type ParametersOf,
  type publicScan,
  type scan,
  type VideoChange,
} from '@reelay/contracts';
import {
  extensionOf,
  fingerprintOf,
  MediaError,
  probe,
  safeLibraryPath,
  systemErrorCode,
  walkLibrary,
  type Ffmpeg,
  type FoundFile,
  type MediaLibrary,
} from '@reelay/media';
import type { JobContext, JobProcessor, Order, ProcessorResult } from '@reelay/worker-sdk';
import pMap from 'p-map';
import { judge } from '../validate/validate.plan.js';
import { judgePair, pairUp, stillHolds, type Finding } from './scan.plan.js';
import { ScanReport } from './scan-report.js';

type ScanContract = typeof scan | typeof publicScan;
type Doubt = Exclude<Finding, { kind: 'unchanged' | 'gone' }>;

/** The folder of the public gallery. */
const PUBLIC_FOLDER = 'public' satisfies BuiltInDirectoryType;
/** Files whose records are written together. */
const BATCH = 200;
/** Finding out what is there takes the first part of the progress; how many files there are is not known before. */
const WALK_PERCENT = 5;

/** A file that has to be looked into, with what tells it from others. */
type Looked = Doubt & { readonly fingerprint: string };

/** Brings the records of a folder's videos up to date. */
export class ScanProcessor implements JobProcessor<ScanContract> {
  private readonly parallel = availableParallelism();

  constructor(
    readonly contract: ScanContract,
    private readonly ffmpeg: Ffmpeg,
    private readonly library: MediaLibrary,
  ) {}

  async process({ parameters }: Order<ScanContract>, job: JobContext): Promise<ProcessorResult<ScanContract>> {
    const folder = folderOf(parameters);
    const report = new ScanReport(folder, job);
    const { doubts, gone } = await this.compare(folder, parameters, report, job);
    report.compared(doubts.length, gone.length);
    const movedFrom = new Set<string>();
    for (let start = 0; start < doubts.length; start += BATCH) {
      const changes = await this.lookInto(doubts.slice(start, start + BATCH), parameters, movedFrom, report, job);
      if (changes.length > 0) await job.records.record(changes);
      const percent = WALK_PERCENT + ((100 - WALK_PERCENT) * Math.min(start + BATCH, doubts.length)) / doubts.length;
      job.progress({ phase: 'probe', percent });
    }
    const missing = gone.filter((path) => !movedFrom.has(path));
    report.missing(missing);
    if (missing.length > 0) await job.records.record(missing.map((path) => ({ path, missing: true })));
    return { destinationPaths: [], result: report.result() };
  }

  private async compare(
    folder: string,
    { recursive, skipExisting, extensions: wanted }: ParametersOf<ScanContract>,
    report: ScanReport,
    job: JobContext,
  ): Promise<{ doubts: Doubt[]; gone: string[] }> {
    const extensions = new Set<string>((wanted ?? VIDEO_EXTENSIONS).map((name) => name.toLowerCase()));
    const files = walkLibrary(this.library, folder, {
      recursive,
      extensions,
      onSkipped: (path, reason) => {
        report.skipped(path, reason);
      },
    });
    const doubts: Doubt[] = [];
    const gone: string[] = [];
    job.progress({ phase: 'walk', percent: 0 });
    for await (const pair of pairUp(files, job.records.files(folder))) {
      job.signal.throwIfAborted();
      if (pair.file) report.found++;
      const finding = judgePair(pair, skipExisting);
      if (finding.kind === 'gone') {
        // What a scan that does not look for it cannot find is not gone.
        const below = finding.known.path.slice(folder.length + 1);
        if (extensions.has(extensionOf(below)) && (recursive || !below.includes('/'))) gone.push(finding.known.path);
      } else if (finding.kind !== 'unchanged') doubts.push(finding);
      else if (pair.file) report.unchanged++;
    }
    return { doubts, gone };
  }

  /** What is to be recorded of some files. */
  private async lookInto(
    doubts: readonly Doubt[],
    { skipExisting }: ParametersOf<ScanContract>,
    movedFrom: Set<string>,
    report: ScanReport,
    job: JobContext,
  ): Promise<VideoChange[]> {
    const { signal } = job;
    const looked = await pMap(doubts, (doubt) => withFingerprint(doubt, report), { concurrency: 8, signal });
    const there = looked.filter((look) => look !== null);
    const moves = await this.findMoves(there, movedFrom, job);
    const changes = await pMap(
      there,
      async (look): Promise<VideoChange | null> => {
        const seen = sightOf(look.file, look.fingerprint);
        const from = moves.get(look.file.path);
        if (from !== undefined) {
          report.moved(from, look.file.path);
          return { ...seen, path: from, movedTo: look.file.path };
        }
        if (skipExisting && look.kind === 'doubtful' && stillHolds(look.known, look.file, look.fingerprint)) {
          report.unchanged++;
          return seen;
        }
        const learned = await this.probe(look.file, report, job);
        if (learned === null) return null;
        if (look.kind === 'new') report.added++;
        else report.changed++;
        return { ...seen, ...learned };
      },
      { concurrency: this.parallel, signal },
    );
    return changes.filter((change) => change !== null);
  }

  /** New files that are on record by another path, where nothing is any more: from the new path to the old one. */
  private async findMoves(
    looked: readonly Looked[],
    movedFrom: Set<string>,
    job: JobContext,
  ): Promise<Map<string, string>> {
    const moves = new Map<string, string>();
    const news = looked.filter(({ kind }) => kind === 'new');
    if (news.length === 0) return moves;
    const twins = await job.records.withFingerprints([...new Set(news.map(({ fingerprint }) => fingerprint))]);
    const root = await this.library.rootPath();
    for (const { file, fingerprint } of news) {
      for (const twin of twins) {
        if (twin.fingerprint !== fingerprint || !twin.inspected || movedFrom.has(twin.path)) continue;
        if (!(await isGone(join(root, twin.path)))) continue;
        movedFrom.add(twin.path);
        moves.set(file.path, twin.path);
        break;
      }
    }
    return moves;
  }

  /** @returns null for a file that says nothing of itself now: it vanished, or the probe failed for its own reasons */
  private async probe(
    file: FoundFile,
    report: ScanReport,
    job: JobContext,
  ): Promise<Pick<VideoChange, 'media' | 'valid' | 'invalidReason' | 'sizeBytes'> | null> {
    report.probes++;
    try {
      const media = await probe(this.ffmpeg.tools, file.absolute, job);
      const { valid, reason } = judge(media, null);
      return { media, valid, invalidReason: reason };
    } catch (error) {
      if (job.signal.aborted) throw error;
      if (systemErrorCode(error) === 'ENOENT') return null;
      if (!(error instanceof MediaError) || ['FEATURE_MISSING', 'LIBRARY_MISSING'].includes(error.code)) throw error;
      report.unreadable(file.path, error.message);
      if (error.code !== 'INPUT_UNREADABLE') return null;
      return { valid: false, invalidReason: error.message, sizeBytes: file.sizeBytes };
    }
  }
}

/** A public scan has its folder from its name. */
const folderOf = (parameters: ParametersOf<ScanContract>): string =>
  'directoryType' in parameters ? safeLibraryPath(parameters.folder ?? parameters.directoryType) : PUBLIC_FOLDER;

/** What every look at a file tells. */
const sightOf = (file: FoundFile, fingerprint: string): VideoChange => ({
  path: file.path,
  modifiedAt: new Date(file.modifiedMs).toISOString(),
  fingerprint,
});

async function withFingerprint(doubt: Doubt, report: ScanReport): Promise<Looked | null> {
  try {
    return { ...doubt, fingerprint: await fingerprintOf(doubt.file.absolute) };
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === undefined) throw error;
    if (code !== 'ENOENT') report.skipped(doubt.file.path, `it cannot be read (${code})`);
    return null;
  }
}

const isGone = (absolute: string): Promise<boolean> =>
  lstat(absolute).then(
    () => false,
    (error: unknown) => systemErrorCode(error) === 'ENOENT',
  );
