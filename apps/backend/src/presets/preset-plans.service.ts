import { posix } from 'node:path';
import { Injectable } from '@nestjs/common';
import { parsePresetReference, type PlanPresetBody, type PresetPlan } from '@reelay/contracts';
import { ffmpegArgv, MediaError, outputName, planTranscode, safeLibraryPath } from '@reelay/media/plan';
import { findVideoMedia } from '@reelay/persistence';
import { DataSource } from 'typeorm';
import { unprocessable } from '../http/api-error.js';
import { applyOverrides, PresetsService } from './presets.service.js';

/** Tells what a transcode would run, by the plan that workers carry out. */
@Injectable()
export class PresetPlans {
  constructor(
    private readonly dataSource: DataSource,
    private readonly presets: PresetsService,
  ) {}

  /** @throws {ApiError} 404 without such a preset; 422 for a video that was never probed, or that does not fit */
  async plan(reference: string, body: PlanPresetBody): Promise<PresetPlan> {
    const found = await this.presets.get(reference);
    const { preset, settings } = applyOverrides(found, body.overrides, 'overrides');
    try {
      const { path, media } = await this.video(body);
      const { directory, base, extension } = outputName(path, parsePresetReference(preset).name, settings.container);
      const output = posix.join(directory, `${base}.${extension}`);
      const { args, notes } = planTranscode({ settings, start: body.start, end: body.end }, media, {
        input: path,
        output,
      });
      return { preset, notes: [...notes], commands: [ffmpegArgv('ffmpeg', args)] };
    } catch (error) {
      if (!(error instanceof MediaError)) throw error;
      throw unprocessable(error.code, [{ path: '', message: error.message, code: 'custom' }]);
    }
  }

  private async video({ videoId, inputPath }: PlanPresetBody) {
    const video = await findVideoMedia(this.dataSource, {
      videoId,
      path: inputPath && safeLibraryPath(inputPath),
    });
    const path = videoId === undefined ? 'inputPath' : 'videoId';
    const named = videoId ?? inputPath ?? '';
    if (video === null && videoId !== undefined) {
      throw unprocessable('VIDEO_NOT_FOUND', [{ path, message: `there is no video ${named}`, code: 'not_found' }]);
    }
    if (!video?.media) {
      const message = `nothing is known of ${video?.path ?? named} yet: validate the video first`;
      throw unprocessable('VIDEO_NOT_PROBED', [{ path, message, code: 'not_probed' }]);
    }
    return { path: video.path, media: video.media };
  }
}
