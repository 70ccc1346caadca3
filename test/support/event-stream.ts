/** One server-sent event. */
export interface StreamEvent {
  readonly id: string | null;
  readonly type: string;
  readonly data: unknown;
}

/** A client of server-sent events (WHATWG HTML, section 9.2) that keeps all that it got. */
export class EventStream {
  readonly events: StreamEvent[] = [];
  private buffer = '';

  private constructor(private readonly controller: AbortController) {}

  static async open(url: string, token: string, lastEventId?: string): Promise<EventStream> {
    const controller = new AbortController();
    const response = await fetch(url, {
      signal: controller.signal,
      headers: {
        authorization: `Bearer ${token}`,
        accept: 'text/event-stream',
        ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
      },
    });
    if (!response.ok || !response.body) throw new Error(`${url}: ${String(response.status)}`);
    const stream = new EventStream(controller);
    void stream.read(response.body);
    return stream;
  }

  close(): void {
    this.controller.abort();
  }

  private async read(body: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    try {
      for await (const chunk of body) {
        this.buffer += decoder.decode(chunk, { stream: true });
        this.parse();
      }
    } catch {
      // Closed by us, or by the server that stops.
    }
  }

  private parse(): void {
    const blocks = this.buffer.split('\n\n');
    this.buffer = blocks.pop() ?? '';
    for (const block of blocks) {
      const fields = new Map(
        block
          .split('\n')
          .filter((line) => line.includes(':'))
          .map((line): [string, string] => [
            line.slice(0, line.indexOf(':')),
            line.slice(line.indexOf(':') + 1).trim(),
          ]),
      );
      const data = fields.get('data');
      const type = fields.get('event') ?? 'message';
      if (data === undefined || type === 'ping') continue;
      this.events.push({ id: fields.get('id') ?? null, type, data: JSON.parse(data) });
    }
  }
}
