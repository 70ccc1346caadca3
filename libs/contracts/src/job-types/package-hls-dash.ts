import { z } from 'zod';
import { defineJobType } from './define-job-type.js';
import { libraryPath } from './fields.js';
import { MOST_RENDITIONS, publishTo } from './ladder-fields.js';

/** The file that a package is known by. */
export const MASTER_PLAYLIST = 'master.m3u8';
/** Beside it: the same segments for players of DASH. */
export const DASH_MANIFEST = 'manifest.mpd';

const variant = z.object({
  name: z.string(),
  codecs: z.string().describe('As RFC 6381 names them'),
  segments: z.int(),
  bandwidth: z.int().describe('The highest bitrate of a segment, in bit/s'),
  averageBandwidth: z.int().describe('In bit/s'),
});

/** Makes one package for players of HLS and of DASH. */
export const packageHlsDash = defineJobType('package_hls_dash', {
  category: 'cpu',
  vramMb: 0,
  label: 'Package for HLS and DASH',
  shortDescription: 'Makes playlists and a manifest for renditions, with one set of segments',
  description:
    'Takes what jobs of encode_rendition made of one video, links its segments into a folder of packages/ and writes an HLS ' +
    'master playlist, media and I-frame playlists, and a DASH manifest for the same segments. Bandwidths are measured, codecs ' +
    'read from the segments. Before the folder is published every segment is decoded, the manifests are read again, and lengths ' +
    'and times are compared. With progressive, outputPath is a folder that encode_rendition publishes to: it is verified ' +
    'and closed in place.',
  parameters: z
    .strictObject({
      parts: z.array(libraryPath).min(1).max(MOST_RENDITIONS).describe('Folders that encode_rendition made'),
      outputPath: publishTo.optional().describe('A folder of packages/; left out, one named after the video'),
      progressive: z.boolean().default(false).describe('Close a folder that segments were published to'),
    })
    .refine(({ progressive, outputPath }) => !progressive || outputPath !== undefined, {
      path: ['outputPath'],
      error: 'must be given with progressive',
    }),
  result: z.object({
    path: z.string().describe('The folder, relative to the library'),
    masterPath: z.string(),
    manifestPath: z.string(),
    durationSeconds: z.number(),
    targetDuration: z.int().describe('No segment is longer, in seconds'),
    sizeBytes: z.int(),
    renditions: z
      .array(variant.extend({ width: z.int(), height: z.int(), frameRate: z.number() }))
      .describe('From the largest to the smallest'),
    audio: variant.nullable(),
  }),
});
