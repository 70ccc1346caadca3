import type { JobDetail, JobPage, Problem, WorkerView } from '@reelay/contracts';
import { eventually } from './eventually.js';

/** An answer of the API. */
export interface Answer<T> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: T;
}

/** A client as any user would write one. */
export class Api {
  constructor(
    readonly url: string,
    private readonly token: string | null,
  ) {}

  async call<T = unknown>(method: string, path: string, body?: unknown): Promise<Answer<T>> {
    return this.send<T>(method, path, body === undefined ? undefined : JSON.stringify(body));
  }

  /** Sends a body as it is. */
  async send<T>(method: string, path: string, body?: string, contentType = 'application/json'): Promise<Answer<T>> {
    const response = await fetch(`${this.url}${path}`, {
      method,
      headers: {
        ...(this.token === null ? {} : { authorization: `Bearer ${this.token}` }),
        ...(body === undefined ? {} : { 'content-type': contentType }),
      },
      ...(body === undefined ? {} : { body }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: (text === '' ? null : JSON.parse(text)) as T };
  }

  /** Submits a job and returns its id. */
  async submit(
    type: string,
    params: Record<string, unknown> = {},
    more: Record<string, unknown> = {},
  ): Promise<string> {
    const answer = await this.call<{ id: string }>('POST', '/api/media/jobs', { type, params, ...more });
    if (answer.status !== 201) throw new Error(`submit was answered with ${JSON.stringify(answer)}`);
    return answer.body.id;
  }

  async job(id: string): Promise<JobDetail> {
    return (await this.call<JobDetail>('GET', `/api/media/jobs/${id}`)).body;
  }

  async jobs(query = ''): Promise<JobPage> {
    return (await this.call<JobPage>('GET', `/api/media/jobs${query}`)).body;
  }

  async workers(): Promise<WorkerView[]> {
    return (await this.call<{ data: WorkerView[] }>('GET', '/api/media/workers')).body.data;
  }

  async problem(method: string, path: string, body?: unknown): Promise<Answer<Problem>> {
    return this.call<Problem>(method, path, body);
  }

  /** Waits until a job is in a state. */
  until(id: string, status: JobDetail['status'], withinMs?: number): Promise<JobDetail> {
    return eventually(
      `job ${id} is ${status}`,
      async () => {
        const job = await this.job(id);
        const over = ['completed', 'failed', 'cancelled'].includes(job.status);
        if (over && job.status !== status) throw new Error(`it is ${job.status}: ${JSON.stringify(job.error)}`);
        return job.status === status ? job : null;
      },
      withinMs,
    );
  }
}
