// Talking to the connector. An error carries `status` (none: nobody answered), `hint` for the visitor, `wait` in ms.
const wrong = (status, told, wait) => ({ status, hint: told?.hint?.[LANGUAGE] || say("refused"), wait: wait * 1e3 });
const lasting = ({ status }) => status > 399 && status < 500 && ![401, 408, 429].includes(status);
const signed = (headers) => (kept("pass") ? { ...headers, Authorization: "Bearer " + kept("pass") } : headers);
const call = async (path, body, signal) => {
  const headers = signed(body ? { "Content-Type": "application/json" } : {}), method = body ? "POST" : "GET";
  const answer = await fetch(BASE + path, { method, headers, body: body && JSON.stringify(body), signal });
  if (answer.ok) return answer;
  if (answer.status == 401) kept("pass", "");
  throw wrong(answer.status, await answer.json().catch(() => 0), answer.headers.get("Retry-After"));
};
const ask = async (path, body) => (await call(path, body)).json();
const join = async () => {
  if (kept("pass")) return;
  kept("pass", (await ask("/visitors", { language: LANGUAGE, ...origin() })).pass);
  stir();
  // What one tab keeps reaches the others a moment later.
  await new Promise((go) => setTimeout(go, 99));
};
// One tab at a time becomes the visitor; a sandboxed frame has nothing to share, and no locks.
const passed = async () =>
  kept("pass") || (window.origin != "null" && navigator.locks ? navigator.locks.request(SHELF, join) : join());

// Only XMLHttpRequest tells how far an upload is.
const upload = (file, progress) => new Promise((done, fail) => {
  const request = new XMLHttpRequest();
  request.open("POST", BASE + "/files");
  const type = file.type || "application/octet-stream";
  const headers = signed({ "Content-Type": type, "X-File-Name": encodeURIComponent(file.name) });
  for (const name in headers) request.setRequestHeader(name, headers[name]);
  request.responseType = "json";
  request.upload.onprogress = (event) => progress(event.loaded / event.total);
  request.onloadend = () => {
    const { status, response } = request;
    status == 201 ? done(response) : fail(wrong(status, response, request.getResponseHeader("Retry-After")));
  };
  request.send(file);
});

let line, wake;
const pause = (ms) => new Promise((go) => { wake = go; setTimeout(go, ms); });
const stir = () => { line?.abort(); wake?.(); };
const backoff = (fails) => Math.min(6e4, 1e3 * 2 ** fails) * (0.5 + Math.random() / 2);

// A proxy may hold the stream back: after 8 s without a byte we ask again and again instead.
let deaf;
const listen = async (path, heard) => {
  let left = "", timer, spoke;
  const watch = (ms) => { clearTimeout(timer); timer = setTimeout(() => { deaf = !spoke; line.abort(); }, ms); };
  line = new AbortController();
  watch(8e3);
  try {
    const reader = (await call(path, null, line.signal)).body.getReader(), decoder = new TextDecoder();
    for (;;) {
      const chunk = await reader.read();
      if (chunk.done) return;
      spoke = true;
      watch(4e4);
      const frames = (left + decoder.decode(chunk.value, { stream: true })).split("\n\n");
      left = frames.pop();
      for (const frame of frames) if (/^data:/.test(frame)) heard(JSON.parse(frame.slice(5)));
    }
  } finally { clearTimeout(timer); }
};
