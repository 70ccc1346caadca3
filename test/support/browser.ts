import { createReadStream } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { chromium, type Browser, type Page } from 'playwright-core';
import { resolveChromium } from '../../tools/lib/chromium.mjs';

const require = createRequire(import.meta.url);

/** The players as their packages ship them for pages. */
const SCRIPTS: Readonly<Record<string, string>> = {
  '/hls.js': require.resolve('hls.js'),
  '/dash.js': require.resolve('dashjs'),
};

const PAGE = `<!doctype html><title>player</title><video muted playsinline style="width:640px"></video>
<script src="/hls.js"></script><script src="/dash.js"></script>`;

/** A headless browser, and a site with a page that has both players. */
export interface PlayerSite {
  /** Opens the page: a fresh one each time. */
  open(): Promise<Page>;
  close(): Promise<void>;
}

/** Starts a browser and a site of its own, on another origin than the API's. */
export async function startPlayerSite(): Promise<PlayerSite> {
  const server = await serve();
  const url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/`;
  const { program, env } = await resolveChromium();
  const browser: Browser = await chromium.launch({
    executablePath: program,
    env: { ...(process.env as Record<string, string>), ...env },
    // As root, and in many containers, Chromium cannot set up a sandbox of its own.
    args: ['--no-sandbox', '--disable-gpu', '--autoplay-policy=no-user-gesture-required'],
  });
  return {
    async open() {
      const page = await browser.newPage();
      await page.goto(url);
      return page;
    },
    async close() {
      await browser.close();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function serve(): Promise<Server> {
  const server = createServer((request, response) => {
    const script = SCRIPTS[request.url ?? ''];
    if (script === undefined) response.setHeader('content-type', 'text/html').end(PAGE);
    else createReadStream(script).pipe(response.setHeader('content-type', 'text/javascript'));
  });
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      resolve(server);
    });
  });
}
