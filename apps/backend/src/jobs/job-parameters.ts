import { Injectable } from '@nestjs/common';
import {
  clipGenerate,
  JOB_CONTRACTS,
  type CreateJobBody,
  type JsonSchema,
  type ResourceCategory,
} from '@reelay/contracts';
import { couldEverHold } from '@reelay/domain';
import { findVideoPath, JobTypeEntity, readWorkersOfType, type NewJob } from '@reelay/persistence';
import { DataSource, type EntityManager } from 'typeorm';
import { z } from 'zod';
import { DirectoryTypesService } from '../directory-types/directory-types.service.js';
import { unprocessable, type RequestFault } from '../http/api-error.js';
import { compileSchema, type SchemaFault } from '../http/json-schema.js';
import { faultsOf } from '../http/zod.pipe.js';
import { PresetsService } from '../presets/presets.service.js';
import { withDigest } from './digest-ranges.js';
import { withRandomInputs } from './random-inputs.js';

/** How long what was read of an announced type is taken to hold, in ms. */
const CACHE_MS = 1_000;
const CACHED_TYPES = 1_000;

/** Parameters that name a file, and those by which a video of the library may be named instead. */
export const VIDEO_IDS: Readonly<Record<string, string>> = { inputPath: 'videoId', referencePath: 'referenceVideoId' };

/** Where records are read: the database, or the transaction that the caller is in. */
export type Store = Pick<EntityManager, 'getRepository' | 'query'>;

/** What is asked of a job; whoever wants to hear of it is another matter. */
type JobRequest = Omit<CreateJobBody, 'notifyQueue'>;

/** What is known of a job type that some worker announced, or that Reelay ships. */
interface KnownType {
  readonly category: ResourceCategory | null;
  readonly vramMb: number;
  check(params: Record<string, unknown>): RequestFault[];
}

/** Turns a request for a job into a job: parameters checked, input found, preset and needs filled in. */
@Injectable()
export class JobParameters {
  private readonly announced = new Map<string, { known: Promise<KnownType | null>; until: number }>();

  constructor(
    private readonly dataSource: DataSource,
    private readonly presets: PresetsService,
    private readonly directoryTypes: DirectoryTypesService,
  ) {}

  /**
   * @param store in a transaction its manager: what it changed counts, and no other connection is waited for
   * @throws {ApiError} 422 with each fault, when the job could not run as it is asked for
   */
  async prepare(body: JobRequest, store: Store = this.dataSource): Promise<NewJob> {
    const known = await this.knownType(body.type, store);
    await this.directoryTypes.check(body.type, body.params);
    const asked = await withDigest(store, body.type, body.params);
    const params = await withRandomInputs(store, body.type, await withInput(store, asked));
    const faults = known?.check(params) ?? [];
    if (faults.length > 0) throw unprocessable('INVALID_PARAMETERS', faults);
    const job: NewJob = {
      type: body.type,
      params: await this.presets.complete(body.type, params, store),
      priority: body.priority,
      resourceCategory: category(body, known),
      vramRequired: vram(body, known),
      maxRetries: body.maxRetries,
      target: body.target ?? null,
    };
    await this.refuseTooLarge(job, store);
    return job;
  }

  /** A job that no device could ever hold would wait for ever. */
  private async refuseTooLarge(job: NewJob, store: Store): Promise<void> {
    if (job.vramRequired === 0) return;
    const workers = await readWorkersOfType(store, job.type);
    if (couldEverHold(job, workers)) return;
    const most = Math.max(...workers.flatMap(({ devices }) => devices.map(({ vramMb }) => vramMb)));
    const message = `needs ${String(job.vramRequired)} MB, and no device of a live worker has more than ${String(most)}`;
    throw unprocessable('VRAM_TOO_LARGE', [{ path: 'vramRequired', message, code: 'too_big' }]);
  }

  private async knownType(type: string, store: Store): Promise<KnownType | null> {
    const contract = JOB_CONTRACTS.get(type);
    if (contract) {
      const check = (params: Record<string, unknown>): RequestFault[] => {
        const parsed = contract.parameters.safeParse(params);
        return parsed.success ? [] : faultsOf(parsed.error, 'params').map((fault) => explainInput(type, fault));
      };
      return { category: contract.category, vramMb: contract.vramMb, check };
    }
    return this.announcedType(type, store);
  }

  /**
   * Announced types are read and their schemas compiled at most once in a while, not for every submit. Who asks
   * meanwhile waits for the same reading: a bulk asks for each of its jobs at once.
   */
  private announcedType(type: string, store: Store): Promise<KnownType | null> {
    const cached = this.announced.get(type);
    if (cached && cached.until > performance.now()) return cached.known;
    const known = this.readType(type, store);
    if (this.announced.size > CACHED_TYPES) this.announced.clear();
    this.announced.set(type, { known, until: performance.now() + CACHE_MS });
    known.catch(() => this.announced.delete(type));
    return known;
  }

  private async readType(type: string, store: Store): Promise<KnownType | null> {
    const record = await store.getRepository(JobTypeEntity).findOneBy({ name: type });
    if (!record) return null;
    return { category: record.category, vramMb: record.jobVramMb, check: this.compile(record.parameters) };
  }

  /** A worker of another make may announce a schema that is none; then its worker has the last word. */
  private compile(schema: JsonSchema): KnownType['check'] {
    try {
      const faultsIn = compileSchema(schema, { formats: false });
      return (params) => faultsIn(params).map(paramFault);
    } catch {
      return () => [];
    }
  }
}

/** Adds the paths of the videos that are named by their ids. */
async function withInput(store: Store, params: Record<string, unknown>): Promise<Record<string, unknown>> {
  const paths: Record<string, string> = {};
  for (const [pathName, idName] of Object.entries(VIDEO_IDS)) {
    const videoId = params[idName];
    if (params[pathName] !== undefined || !z.uuid().safeParse(videoId).success) continue;
    const path = await findVideoPath(store, videoId as string);
    if (path === null) {
      throw unprocessable('VIDEO_NOT_FOUND', [
        { path: `params.${idName}`, message: `there is no video ${videoId as string}`, code: 'not_found' },
      ]);
    }
    paths[pathName] = path;
  }
  return { ...params, ...paths };
}

/** Without an input there are two ways out, and the schema knows only one. */
function explainInput(type: string, fault: RequestFault): RequestFault {
  const pathName = fault.path.replace(/^params\./, '');
  if (type === clipGenerate.type && pathName === 'ranges' && fault.code === 'invalid_type') {
    return { ...fault, message: 'give ranges or digestJobId' };
  }
  const idName = fault.code === 'invalid_type' ? VIDEO_IDS[pathName] : undefined;
  return idName === undefined ? fault : { ...fault, message: `give ${pathName} or ${idName}` };
}

const paramFault = ({ path, message, code }: SchemaFault): RequestFault => ({
  path: `params${path.replaceAll(/\[(\d+)\]/g, '.$1')}`,
  message: code === 'additionalProperties' ? message.replace('field', 'parameter') : message,
  code,
});

/** The job type's own category holds: a client that could choose would get round the limits. */
function category(body: JobRequest, known: KnownType | null): ResourceCategory {
  const own = known?.category ?? null;
  if (own === null) return body.resourceCategory ?? 'cpu';
  if (body.resourceCategory !== undefined && body.resourceCategory !== own) {
    throw unprocessable('CATEGORY_MISMATCH', [
      { path: 'resourceCategory', message: `jobs of type ${body.type} belong to ${own}`, code: 'mismatch' },
    ]);
  }
  return own;
}

/** A client may only raise what the job type needs. */
function vram(body: JobRequest, known: KnownType | null): number {
  const least = known?.vramMb ?? 0;
  if (body.vramRequired !== undefined && body.vramRequired < least) {
    throw unprocessable('VRAM_TOO_LOW', [
      {
        path: 'vramRequired',
        message: `jobs of type ${body.type} need at least ${String(least)} MB`,
        code: 'too_small',
      },
    ]);
  }
  return body.vramRequired ?? least;
}
