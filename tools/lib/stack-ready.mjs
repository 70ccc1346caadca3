/**
 * @typedef {object} Expected What must be there before a stack counts as up.
 * @property {readonly string[]} apiUrls every backend's
 * @property {string} token
 * @property {number} workers how many must be announced
 * @property {number} [since] milliseconds; workers last heard of before this are somebody else's remains
 */

/**
 * Whether all backends answer ready and all workers are announced.
 * @param {Expected} expected
 * @returns {Promise<{ ready: boolean, waitingFor?: string, role?: string }>} `role` is whose log may tell why not
 */
export async function checkReady({ apiUrls, token, workers, since = 0 }) {
  for (const apiUrl of apiUrls) {
    const health = await request(`${apiUrl}/health/ready`);
    if (!health?.ok) {
      const answer = health ? `status ${health.status}` : 'no answer';
      return { ready: false, waitingFor: `${apiUrl}/health/ready (${answer})`, role: 'backend' };
    }
  }
  const list = await request(`${apiUrls[0]}/api/media/workers`, { authorization: `Bearer ${token}` });
  const live = (list?.body?.data ?? []).filter(
    (/** @type {any} */ worker) => worker.live && Date.parse(worker.lastSeenAt ?? new Date()) >= since,
  );
  if (list?.ok && live.length >= workers) return { ready: true };
  const answer = list?.ok ? `${live.length} of ${workers} workers announced` : `status ${list?.status ?? 'none'}`;
  return {
    ready: false,
    waitingFor: `${apiUrls[0]}/api/media/workers (${answer})`,
    role: list?.ok ? 'worker' : 'backend',
  };
}

/** @param {string} url @param {Record<string, string>} [headers] */
async function request(url, headers) {
  try {
    const response = await fetch(url, { headers, signal: AbortSignal.timeout(5_000) });
    const text = await response.text();
    return { ok: response.ok, status: response.status, body: response.ok ? parse(text) : undefined };
  } catch {
    return undefined;
  }
}

/** @param {string} text @returns {any} */
function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
