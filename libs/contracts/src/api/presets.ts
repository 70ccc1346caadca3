import { z } from 'zod';
import { mediaInput } from '../job-types/fields.js';
import { END_FAULT, endsAfterStart, transcodeChoice } from '../job-types/transcode.js';
import { presetName, presetSettings } from '../presets.js';

const description = z.string().max(500).describe('What it is for');

/** One version of a preset, as the API shows it. */
export const presetView = z.object({
  name: z.string(),
  version: z.int().min(1),
  description: z.string(),
  builtIn: z.boolean().describe('Part of Reelay: it cannot be changed'),
  settings: presetSettings,
  createdAt: z.iso.datetime().nullable().describe('Null for built-in ones'),
});
export type PresetView = z.infer<typeof presetView>;

/** Answer of `GET /api/media/presets` and `GET /api/media/presets/:name/versions`. */
export const presetList = z.object({ data: z.array(presetView) });

/** Body of `PUT /api/media/presets/:name`. */
export const changePresetBody = z.strictObject({ description: description.default(''), settings: presetSettings });
export type ChangePresetBody = z.infer<typeof changePresetBody>;

/** Body of `POST /api/media/presets`. */
export const createPresetBody = changePresetBody.extend({ name: presetName });
export type CreatePresetBody = z.infer<typeof createPresetBody>;

/** Body of `POST /api/media/presets/:name/plan`. */
export const planPresetBody = z
  .strictObject({ ...mediaInput, inputPath: mediaInput.inputPath.optional(), ...transcodeChoice })
  .refine(endsAfterStart, END_FAULT)
  .refine(({ videoId, inputPath }) => (videoId === undefined) !== (inputPath === undefined), {
    path: ['inputPath'],
    error: 'give inputPath or videoId',
  });
export type PlanPresetBody = z.infer<typeof planPresetBody>;

/** What a transcode would run. */
export const presetPlan = z.object({
  preset: z.string().describe('name@version'),
  notes: z.array(z.string()).describe('What is done to the input, and why'),
  commands: z.array(z.array(z.string())).describe("Each program's argv; files are named relative to the library"),
});
export type PresetPlan = z.infer<typeof presetPlan>;
