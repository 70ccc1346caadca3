import { DASH_MANIFEST, MASTER_PLAYLIST } from '@reelay/contracts';
import { dashManifest } from './dash.plan.js';
import { entriesOf, keyPlaylist, masterOf, masterPlaylist, mediaPlaylist } from './hls.plan.js';
import { KEY_PLAYLIST, MEDIA_PLAYLIST, targetDuration, tracksOf, type PackageModel } from './package-model.js';

/** Writes all playlists and the manifest of a complete package; the master playlist comes last, since it leads to the others. */
export async function writeManifests(
  model: PackageModel,
  write: (name: string, text: string) => Promise<void>,
): Promise<void> {
  const target = targetDuration(model);
  for (const rendition of model.renditions) {
    await write(`${rendition.name}/${KEY_PLAYLIST}`, keyPlaylist(rendition, target));
  }
  await write(DASH_MANIFEST, dashManifest(model));
  for (const packaged of tracksOf(model)) {
    const text = mediaPlaylist(entriesOf(packaged), target, { type: 'VOD', ended: true });
    await write(`${packaged.name}/${MEDIA_PLAYLIST}`, text);
  }
  const { variants, audio } = masterOf(model);
  await write(MASTER_PLAYLIST, masterPlaylist(variants, audio));
}
