import { describe, expect, it } from 'vitest';
import { isRetryableCode, JOB_ERROR_CODES } from './errors.js';

describe('isRetryableCode', () => {
  it.each([
    'INPUT_NOT_FOUND',
    'INPUT_UNREADABLE',
    'INVALID_PARAMETERS',
    'OUTPUT_EXISTS',
    'DEADLINE_EXCEEDED',
    'URL_REFUSED',
    'TOO_LARGE',
    'CHECKSUM_MISMATCH',
    'QUALITY_TOO_LOW',
  ])('%s fails at once', (code) => {
    expect(isRetryableCode(code)).toBe(false);
  });

  it.each(['DISK_FULL', 'WORKER_LOST', 'ENCODER_CRASHED', 'ENCODER_STALLED', 'DOWNLOAD_FAILED', 'VISION_FAILED'])(
    '%s is worth a retry',
    (code) => {
      expect(isRetryableCode(code)).toBe(true);
    },
  );

  it('gives codes of other workers a retry, whatever they are called', () => {
    for (const code of ['QUOTA_EXCEEDED', '', 'constructor', 'toString', '__proto__']) {
      expect(isRetryableCode(code)).toBe(true);
    }
  });

  it('has codes that read as codes', () => {
    for (const code of Object.keys(JOB_ERROR_CODES)) expect(code).toMatch(/^[A-Z]+(_[A-Z]+)*$/);
  });
});
