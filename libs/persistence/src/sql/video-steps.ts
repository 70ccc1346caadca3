import type { MediaInfo, VideoChange, VideoScene, VideoTags } from '@reelay/contracts';

/** A row that gets another path. */
export interface VideoMove {
  readonly from: string;
  readonly to: string;
}

/** What is written to the row of one path; what is left out stays as it is. */
export interface VideoFields {
  readonly path: string;
  readonly media?: MediaInfo;
  readonly valid?: boolean;
  readonly invalidReason?: string | null;
  readonly thumbnailPath?: string;
  readonly spritePath?: string;
  readonly previewPath?: string;
  readonly scenes?: readonly VideoScene[];
  readonly tags?: VideoTags;
  readonly sizeBytes?: number;
  readonly modifiedAt?: string;
  readonly fingerprint?: string;
  readonly missing?: boolean;
  readonly reencodeJobId?: string;
  readonly derivedFrom?: string;
}

/** What can be done at once: the moves first, no path in two of them, then the fields, one entry for each path. */
export interface VideoStep {
  readonly moves: readonly VideoMove[];
  readonly fields: readonly VideoFields[];
}

/**
 * Puts changes together so that few statements do what each of them would do, one after the other. One step
 * will do, unless a file was moved after something else was said of its paths.
 */
export function videoSteps(reported: readonly { jobId: string; change: VideoChange }[]): VideoStep[] {
  let step = new Step();
  const steps = [step];
  for (const { jobId, change } of reported) {
    const { movedTo } = change;
    if (movedTo !== undefined && movedTo !== change.path) {
      const move = { from: change.path, to: movedTo };
      if (step.knows(move)) steps.push((step = new Step()));
      step.moves.push(move);
    }
    step.note(fieldsOf(change, jobId));
  }
  return steps.map(({ moves, fields }) => ({ moves, fields: [...fields.values()] }));
}

class Step {
  readonly moves: VideoMove[] = [];
  readonly fields = new Map<string, VideoFields>();
  private readonly sources = new Set<string>();

  /** Whether something of this step is about a path of a move. */
  knows({ from, to }: VideoMove): boolean {
    return [from, to].some(
      (path) =>
        this.fields.has(path) ||
        this.sources.has(path) ||
        this.moves.some((move) => move.from === path || move.to === path),
    );
  }

  /** What is said later counts. */
  note(fields: VideoFields): void {
    this.fields.set(fields.path, { ...this.fields.get(fields.path), ...fields });
    if (fields.derivedFrom !== undefined) this.sources.add(fields.derivedFrom);
  }
}

function fieldsOf(change: VideoChange, jobId: string): VideoFields {
  const { path, movedTo, reencoded, valid, invalidReason, ...others } = change;
  return {
    ...withoutUndefined(others),
    path: movedTo ?? path,
    // A verdict and its reason belong together.
    ...(valid === undefined ? {} : { valid, invalidReason: invalidReason ?? null }),
    ...(reencoded ? { reencodeJobId: jobId } : {}),
  };
}

/** A field that is there and undefined would hide an earlier one. */
const withoutUndefined = <T extends object>(fields: T): T =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T;
