import { expect, it } from 'vitest';
import { PendingLooks } from './thread-protocol.js';

const picture = () => new Uint8Array(3);
const dog = { label: 'dog', confidence: 0.5, box: null };

it('gives each answer to who asked, whatever their order', async () => {
  const looks = new PendingLooks();
  const [first, second] = [looks.add(picture()), looks.add(picture())];
  expect(first.request.id).not.toBe(second.request.id);
  looks.settle({ id: second.request.id, detections: [dog] });
  looks.settle({ id: first.request.id, detections: [] });
  expect(await Promise.all([first.answer, second.answer])).toEqual([[], [dog]]);
  expect(looks.size).toBe(0);
});

it('fails the one picture that the model could not look at', async () => {
  const looks = new PendingLooks();
  const [first, second] = [looks.add(picture()), looks.add(picture())];
  looks.settle({ id: first.request.id, fault: 'out of memory' });
  await expect(first.answer).rejects.toMatchObject({
    code: 'VISION_FAILED',
    message: 'the vision model failed: out of memory',
  });
  expect(looks.size).toBe(1);
  looks.settle({ id: second.request.id, detections: [] });
  expect(await second.answer).toEqual([]);
});

it('fails all that is open when the thread is gone, and drops what it says afterwards', async () => {
  const looks = new PendingLooks();
  const asked = [looks.add(picture()), looks.add(picture())];
  looks.failAll('its thread ended with code 1');
  const ends = await Promise.allSettled(asked.map(({ answer }) => answer));
  for (const end of ends) {
    expect(end).toMatchObject({ status: 'rejected', reason: { code: 'VISION_FAILED' } });
  }
  looks.settle({ id: asked[0]!.request.id, detections: [dog] });
  expect(looks.size).toBe(0);
});
