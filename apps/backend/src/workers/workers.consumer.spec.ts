import { discoveryMessage } from '@reelay/contracts';
import { describe, expect, it } from 'vitest';
import { toAnnouncement } from './workers.consumer.js';

describe('toAnnouncement', () => {
  it('takes what a worker says of itself', () => {
    const message = discoveryMessage.parse({
      instance_id: 'w-1',
      queue_name: 'reencode_streaming',
      direct_messaging_queue_name: 'direct_messaging_w-1',
      label: 'Re-encode for streaming',
      short_description: 'short',
      description: 'long',
      version: '0.3.1',
      sdk_version: '0.3.0',
      parameters: { type: 'object' },
      reelay: {
        app: 'worker-encode',
        host: 'encoder-2',
        category: 'gpu_encode',
        job_vram_mb: 4000,
        slots: 2,
        vram_mb: 16000,
        cpus: 8,
        heartbeat_s: 10,
        executor: 'local',
        features: ['h264_nvenc'],
      },
    });
    expect(toAnnouncement(message)).toEqual({
      instanceId: 'w-1',
      jobType: 'reencode_streaming',
      app: 'worker-encode',
      host: 'encoder-2',
      version: '0.3.1',
      sdkVersion: '0.3.0',
      slots: 2,
      vramMb: 16000,
      devices: [{ id: 'gpu0', vramMb: 16000 }],
      cpus: 8,
      executor: 'local',
      features: ['h264_nvenc'],
      livenessMs: 30_000,
      label: 'Re-encode for streaming',
      shortDescription: 'short',
      description: 'long',
      parameters: { type: 'object' },
      category: 'gpu_encode',
      jobVramMb: 4000,
    });
  });

  it('takes the devices that it names', () => {
    const reelay = { host: 'h', category: 'gpu_ai', slots: 1, heartbeat_s: 5, vram_mb: 20000 };
    const devices = [
      { id: 'gpu0', vram_mb: 16000 },
      { id: 'gpu1', vram_mb: 4000 },
    ];
    const message = discoveryMessage.parse({ instance_id: 'w', queue_name: 'tag', reelay: { ...reelay, devices } });
    expect(toAnnouncement(message).devices).toEqual([
      { id: 'gpu0', vramMb: 16000 },
      { id: 'gpu1', vramMb: 4000 },
    ]);
  });

  it('takes a worker of another make for one that runs one job at a time, on a host that nobody knows', () => {
    const message = discoveryMessage.parse({ instance_id: 'w-1', queue_name: 'speech_to_text', version: '1.2.3' });
    expect(toAnnouncement(message)).toEqual({
      instanceId: 'w-1',
      jobType: 'speech_to_text',
      app: null,
      host: null,
      version: '1.2.3',
      sdkVersion: '',
      slots: 1,
      vramMb: 0,
      devices: [],
      cpus: null,
      executor: 'local',
      features: [],
      livenessMs: 30_000,
      label: 'speech_to_text',
      shortDescription: '',
      description: '',
      parameters: {},
      category: null,
      jobVramMb: 0,
    });
  });
});
