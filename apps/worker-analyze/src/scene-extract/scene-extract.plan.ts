import type { Scene } from '../analysis/scenes.plan.js';

/**
 * Where in a scene its picture is taken, in seconds: in the middle, so that neither a fade at its start nor one at
 * its end is caught. A little before it, since the next picture that begins is taken.
 * @param frameSeconds how long a picture of the film is shown
 */
export const pictureTime = ({ start, end }: Pick<Scene, 'start' | 'end'>, frameSeconds: number): number =>
  Math.max(start, (start + end) / 2 - frameSeconds);
