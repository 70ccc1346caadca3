import { Injectable } from '@nestjs/common';
import {
  BUILT_IN_DIRECTORY_TYPES,
  directoryTypeName,
  isBuiltInDirectoryType,
  JOB_CONTRACTS,
  type DirectoryTypeView,
} from '@reelay/contracts';
import { countVideosIn, readSettings } from '@reelay/persistence';
import { DataSource } from 'typeorm';
import { z } from 'zod';
import { unprocessable } from '../http/api-error.js';

/** The parameter by which job types name a folder of the library. */
const PARAMETER = 'directoryType';

const TYPES_WITH_IT = new Set(
  [...JOB_CONTRACTS.values()]
    .filter(({ parameters }) => parameters instanceof z.ZodObject && PARAMETER in parameters.shape)
    .map(({ type }) => type),
);

/** The folders of the library that are known: those that are built in, and those of the settings. */
@Injectable()
export class DirectoryTypesService {
  constructor(private readonly dataSource: DataSource) {}

  /** The built-in ones first. What was set a moment ago holds: nothing is kept. */
  async names(): Promise<string[]> {
    const { library } = await readSettings(this.dataSource);
    return [...BUILT_IN_DIRECTORY_TYPES, ...library.directoryTypes];
  }

  /** Each with its videos counted. */
  async list(): Promise<DirectoryTypeView[]> {
    const names = await this.names();
    const counts = await countVideosIn(this.dataSource, names);
    return names.map((type) => ({ type, builtIn: isBuiltInDirectoryType(type), videos: counts.get(type) ?? 0 }));
  }

  /**
   * Checks that the folder which a job of a type that Reelay ships names is known. What is no name at all is left to the
   * check of the parameters.
   * @throws {ApiError} 422
   */
  async check(type: string, params: Record<string, unknown>): Promise<void> {
    if (!TYPES_WITH_IT.has(type)) return;
    const name = directoryTypeName.safeParse(params[PARAMETER]).data;
    if (name === undefined || isBuiltInDirectoryType(name)) return;
    refuseUnknown([name], await this.names(), `params.${PARAMETER}`);
  }
}

/**
 * Refuses folders of the library that are not known.
 * @param path where they stand in the request
 * @throws {ApiError} 422
 */
export function refuseUnknown(asked: readonly string[], known: readonly string[], path: string): void {
  const faults = asked
    .filter((name) => !known.includes(name))
    .map((name) => ({
      path,
      message:
        `there is no directory type ${name}: use one of ${known.join(', ')}, ` +
        'or add it to library.directoryTypes in /api/media/settings',
      code: 'not_found',
    }));
  if (faults.length > 0) throw unprocessable('INVALID_PARAMETERS', faults);
}
