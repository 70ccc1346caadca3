import {
  BUILT_IN_PRESETS,
  overrideSettings,
  parsePresetReference,
  presetVersionName,
  type ParametersOf,
  type PresetSettings,
  type transcode,
} from '@reelay/contracts';
import { MediaError } from '@reelay/media';

/** By which preset a job encodes. */
type PresetChoice = Pick<ParametersOf<typeof transcode>, 'preset' | 'overrides' | 'settings'>;

/**
 * The settings that an order carries. One that was written by hand may name a built-in preset and carry none;
 * other presets only the backend knows.
 * @throws {MediaError} INVALID_PARAMETERS
 */
export function orderSettings({ preset, overrides, settings }: PresetChoice): {
  preset: string;
  settings: PresetSettings;
} {
  if (settings !== undefined) return { preset, settings };
  const { name, version } = parsePresetReference(preset);
  const builtIn = BUILT_IN_PRESETS.get(name);
  if (builtIn === undefined || ![null, builtIn.version].includes(version)) {
    throw new MediaError('INVALID_PARAMETERS', `the order has no settings, and ${preset} is not built in`);
  }
  const outcome = overrideSettings(builtIn.settings, overrides);
  if ('settings' in outcome) return { preset: presetVersionName(builtIn), settings: outcome.settings };
  const faults = outcome.faults.map(({ path, message }) => `${path.join('.')}: ${message}`);
  throw new MediaError('INVALID_PARAMETERS', `the overrides do not fit the preset: ${faults.join('; ')}`);
}
