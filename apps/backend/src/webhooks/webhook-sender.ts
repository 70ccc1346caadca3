import * as http from 'node:http';
import * as https from 'node:https';
import { Injectable } from '@nestjs/common';
import { guardedAgents, type GuardedAgents } from '@reelay/platform';
import { BackendConfig } from '../config.js';

/** A receiver that needs longer should take the message and work later. */
const TIMEOUT_MS = 10_000;
/** Of the answer, to look into faults. */
const KEPT_BYTES = 1_000;

/** What came of sending a message. */
export interface SendOutcome {
  /** Null when no answer came. */
  readonly status: number | null;
  /** The beginning of the answer, made safe for records: no control characters. */
  readonly body: string | null;
  readonly durationMs: number;
  /** Null when all went well. */
  readonly error: string | null;
}

/** Sends messages to addresses that users name: public ones, and those that are allowed by setting. */
@Injectable()
export class WebhookSender {
  private readonly agents: GuardedAgents;

  constructor(config: BackendConfig) {
    this.agents = guardedAgents(config.webhookAllow);
  }

  /** Never throws: whatever happens is an outcome. Only 2xx is well; redirects are not followed. */
  async send(url: string, headers: Record<string, string>, body: string): Promise<SendOutcome> {
    const startedAt = performance.now();
    const outcome = await this.post(new URL(url), headers, body).then(
      ({ status, text }) => ({ status, body: text, error: faultOf(status) }),
      (error: unknown) => ({ status: null, body: null, error: describe(error) }),
    );
    return { ...outcome, durationMs: Math.round(performance.now() - startedAt) };
  }

  private post(url: URL, headers: Record<string, string>, body: string): Promise<{ status: number; text: string }> {
    const [send, agent] =
      url.protocol === 'https:' ? [https.request, this.agents.https] : [http.request, this.agents.http];
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    return new Promise((resolve, reject) => {
      const request = send(url, { method: 'POST', headers, agent, signal }, (response) => {
        const chunks: Buffer[] = [];
        let bytes = 0;
        const done = (): void => {
          const text = Buffer.concat(chunks).subarray(0, KEPT_BYTES).toString();
          resolve({ status: response.statusCode ?? 0, text: withoutControls(text) });
          request.destroy();
        };
        response.on('data', (chunk: Buffer) => {
          chunks.push(chunk);
          bytes += chunk.length;
          if (bytes >= KEPT_BYTES) done();
        });
        response.on('end', done);
        response.on('error', reject);
      });
      request.on('error', reject);
      request.end(body);
    });
  }
}

const withoutControls = (text: string): string => text.replace(/\p{Cc}|\uFFFD/gu, ' ').trim();

function faultOf(status: number): string | null {
  if (status >= 200 && status < 300) return null;
  if (status >= 300 && status < 400) return `it answered ${String(status)}: redirects are not followed`;
  return `it answered ${String(status)}`;
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError' || error.name === 'AbortError') {
    return `no answer within ${String(TIMEOUT_MS / 1000)} s`;
  }
  // Several addresses were tried: Node says nothing itself.
  return error instanceof AggregateError ? error.errors.map(describe).join('; ') : error.message;
}
