import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a test's server does with a request for one of its paths. */
export type FileHandler = (request: IncomingMessage, response: ServerResponse, count: number) => void;

/** A request that the server got. */
interface SeenRequest {
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
}

/** An HTTP server on the loopback address that serves files as well, or as badly, as a test asks for. */
export class FileServer {
  /** All that were asked for, in their order. */
  readonly seen: SeenRequest[] = [];
  private readonly handlers = new Map<string, FileHandler>();

  private constructor(private readonly server: Server) {
    server.on('request', (request, response) => {
      const path = new URL(request.url ?? '/', 'http://localhost').pathname;
      this.seen.push({ path, headers: request.headers });
      const handler = this.handlers.get(path);
      if (handler) handler(request, response, this.of(path).length);
      else response.writeHead(404).end('there is no such file');
    });
  }

  static async start(): Promise<FileServer> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new FileServer(server);
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** The URL of a path by the name of this host, from a handler's first day on. */
  serve(path: string, handler: FileHandler): string {
    this.handlers.set(path, handler);
    return `http://localhost:${String(this.port)}${path}`;
  }

  /** The requests for a path. */
  of(path: string): SeenRequest[] {
    return this.seen.filter((request) => request.path === path);
  }

  async close(): Promise<void> {
    this.server.close();
    this.server.closeAllConnections();
    await once(this.server, 'close');
  }
}

/** Serves bytes with their length and a validator, and parts of them to whoever asks for these with the right one. */
export const servesRanges =
  (content: Buffer, etag = '"v1"'): FileHandler =>
  (request, response) => {
    const from = rangeStart(request, etag);
    const headers = { etag, 'content-length': content.length - from, 'content-type': 'video/mp4' };
    const last = content.length - 1;
    const range = { 'content-range': `bytes ${String(from)}-${String(last)}/${String(content.length)}` };
    response.writeHead(from > 0 ? 206 : 200, from > 0 ? { ...headers, ...range } : headers);
    response.end(content.subarray(from));
  };

/** Serves the first bytes of what is longer, and then cuts the connection, or is silent. */
export const servesPart =
  (content: Buffer, bytes: number, end: 'cut' | 'silence', etag = '"v1"'): FileHandler =>
  (_request, response) => {
    response.writeHead(200, { etag, 'content-length': content.length, 'content-type': 'video/mp4' });
    response.write(content.subarray(0, bytes), () => {
      // What was written must have left this process before the connection is cut.
      if (end === 'cut') setTimeout(() => response.socket?.end(), 50);
    });
  };

function rangeStart({ headers }: IncomingMessage, etag: string): number {
  const from = /^bytes=(\d+)-$/.exec(headers.range ?? '')?.[1];
  return from !== undefined && headers['if-range'] === etag ? Number(from) : 0;
}
