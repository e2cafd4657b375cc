// Seconds without a byte after which a stream is dead; the server gives a sign of life each 15.
const SILENCE = 40;

const trouble = (code, status = 0, after = 0) => Object.assign(new Error(code), { code, status, after });

// Rejects with a `trouble`; its status is 0 where there was no answer.
const call = async (path, init) => {
  const response = await fetch(base + path, { cache: 'no-store', credentials: 'omit', ...init }).catch(() => { throw trouble('offline'); });
  if (response.ok) return response;
  const { error } = await response.json().catch(() => ({}));
  throw trouble(error, response.status, +response.headers.get('Retry-After'));
};

const post = async (path, body, headers) =>
  (await call(path, { method: 'POST', body, headers, signal: AbortSignal.timeout(90000) })).json();

const bearer = () => ({ Authorization: `Bearer ${token}` });

// Calls `on[event](data)` until the stream ends.
const readEvents = async (controller, on) => {
  let timer, rest = '';
  const alive = () => { clearTimeout(timer); timer = setTimeout(() => controller.abort(), SILENCE * 1000); };
  alive();
  try {
    const response = await call('events', { headers: bearer(), signal: controller.signal });
    for (const reader = response.body.pipeThrough(new TextDecoderStream()).getReader(); ;) {
      const { done, value } = await reader.read();
      if (done) return;
      alive();
      const frames = (rest + value).split('\n\n');
      rest = frames.pop();
      for (const frame of frames) {
        const [, event, data] = /^event: (.*)\ndata: (.*)$/m.exec(frame) || [];
        if (event) on[event]?.(JSON.parse(data));
      }
    }
  } catch (error) {
    throw error.code === undefined || error.name === 'AbortError' ? trouble('offline') : error;
  } finally { clearTimeout(timer); }
};
