import { isDeepStrictEqual } from 'node:util';
import { Injectable } from '@nestjs/common';
import {
  BUILT_IN_PRESETS,
  concatChunks,
  DEFAULT_PRESET,
  encodeChunk,
  overrideSettings,
  parsePresetReference,
  presetVersionName,
  transcode,
  type BuiltInPreset,
  type ChangePresetBody,
  type CreatePresetBody,
  type ParametersOf,
  type PresetOverrides,
  type PresetSettings,
  type PresetView,
} from '@reelay/contracts';
import { storedPresets, type PresetContent, type SqlRunner, type VersionedRecord } from '@reelay/persistence';
import { DataSource } from 'typeorm';
import { ApiError, unprocessable } from '../http/api-error.js';

/** The job types that encode by a preset. */
const ENCODING_BY_PRESET: readonly string[] = [concatChunks.type, encodeChunk.type, transcode.type];

/** A preset with a job's changes to it. */
export interface ResolvedPreset {
  /** name@version */
  readonly preset: string;
  readonly settings: PresetSettings;
}

/** The presets: those that Reelay ships, and those that were made here. */
@Injectable()
export class PresetsService {
  constructor(private readonly dataSource: DataSource) {}

  /** The newest version of each; the built-in ones first. */
  async list(): Promise<PresetView[]> {
    return [
      ...[...BUILT_IN_PRESETS.values()].map(builtInView),
      ...(await storedPresets.list(this.dataSource)).map(recordView),
    ];
  }

  /** @throws {ApiError} 404 */
  async get(reference: string): Promise<PresetView> {
    const preset = await this.find(reference);
    if (preset === null) throw notFound(reference);
    return preset;
  }

  /** Every version, newest first. @throws {ApiError} 404 */
  async versions(name: string): Promise<PresetView[]> {
    const builtIn = BUILT_IN_PRESETS.get(name);
    if (builtIn) return [builtInView(builtIn)];
    const versions = await storedPresets.versions(this.dataSource, name);
    if (versions.length === 0) throw notFound(name);
    return versions.map(recordView);
  }

  /** @throws {ApiError} 409 when the name is taken */
  async create(body: CreatePresetBody): Promise<PresetView> {
    refuseBuiltIn(body.name);
    const added = await this.add(body.name, body, 'new');
    if (added === null) throw new ApiError(409, 'PRESET_EXISTS', `There is a preset ${body.name} already`);
    return recordView(added);
  }

  /** Makes a new version. @throws {ApiError} 404, 409 */
  async change(name: string, body: ChangePresetBody): Promise<PresetView> {
    refuseBuiltIn(name);
    const added = await this.add(name, body, 'known');
    if (added === null) throw notFound(name);
    return recordView(added);
  }

  /** New jobs can no longer use it; its versions stay readable. @throws {ApiError} 404, 409 */
  async delete(name: string): Promise<void> {
    refuseBuiltIn(name);
    if (!(await storedPresets.delete(this.dataSource, name))) throw notFound(name);
  }

  /**
   * Adds to the parameters of a job that encodes by a preset the settings that this has now, since workers know no
   * database. Parameters of other job types stay as they are.
   * @param params that fit the job type's contract
   * @param store in a transaction, its manager
   * @throws {ApiError} 422 for a preset that is not there, or overrides that do not fit it
   */
  async complete(
    type: string,
    params: Record<string, unknown>,
    store: SqlRunner = this.dataSource,
  ): Promise<Record<string, unknown>> {
    if (!ENCODING_BY_PRESET.includes(type)) return params;
    const { preset, overrides, settings } = params as Partial<ParametersOf<typeof transcode>>;
    const asked = preset ?? DEFAULT_PRESET;
    const found = await this.find(asked, store);
    if (found === null) {
      const message = `there is no preset ${asked}`;
      throw unprocessable('PRESET_NOT_FOUND', [{ path: 'params.preset', message, code: 'not_found' }]);
    }
    const resolved = applyOverrides(found, overrides, 'params.overrides');
    if (settings !== undefined && !isDeepStrictEqual(settings, resolved.settings)) {
      const message = `differ from those of ${resolved.preset}: leave them out, and give overrides`;
      throw unprocessable('INVALID_PARAMETERS', [{ path: 'params.settings', message, code: 'mismatch' }]);
    }
    return { ...params, ...resolved };
  }

  private add(name: string, { description, settings }: PresetContent, expected: 'new' | 'known') {
    return this.dataSource.transaction((manager) =>
      storedPresets.add(manager, name, { description, settings }, expected),
    );
  }

  private async find(reference: string, store: SqlRunner = this.dataSource): Promise<PresetView | null> {
    const { name, version } = parsePresetReference(reference);
    const builtIn = BUILT_IN_PRESETS.get(name);
    if (builtIn) return [null, builtIn.version].includes(version) ? builtInView(builtIn) : null;
    const record = await storedPresets.find(store, name, version);
    return record === null ? null : recordView(record);
  }
}

/**
 * A preset's settings with changes applied.
 * @throws {ApiError} 422 with the place of each fault, below `path`
 */
export function applyOverrides(
  preset: PresetView,
  overrides: PresetOverrides | undefined,
  path: string,
): ResolvedPreset {
  const outcome = overrideSettings(preset.settings, overrides);
  if ('settings' in outcome) return { preset: presetVersionName(preset), settings: outcome.settings };
  throw unprocessable(
    'INVALID_PARAMETERS',
    outcome.faults.map((fault) => ({ path: [path, ...fault.path].join('.'), message: fault.message, code: 'custom' })),
  );
}

const builtInView = (preset: BuiltInPreset): PresetView => ({ ...preset, builtIn: true, createdAt: null });

const recordView = ({ createdAt, ...preset }: VersionedRecord<PresetContent>): PresetView => ({
  ...preset,
  builtIn: false,
  createdAt: createdAt.toISOString(),
});

const notFound = (reference: string): ApiError =>
  new ApiError(404, 'PRESET_NOT_FOUND', `There is no preset ${reference}`);

function refuseBuiltIn(name: string): void {
  if (!BUILT_IN_PRESETS.has(name)) return;
  throw new ApiError(
    409,
    'PRESET_BUILT_IN',
    `The preset ${name} is built in and cannot be changed: choose another name`,
  );
}
