// Hears what happened to this client and tells the page, as events on `document`:
//   live:event {frame, fresh}  one thing happened; fresh within the last minute
//   live:stale {}              something happened that is not shown any more
// Every number of the journal is told once and in order; what the socket skips is asked for.
// It hears from there: live:over {}, somebody else is signed in in this browser.

const page = document.body.dataset;
const MINUTE = 60_000;
// A little oftener than once a minute, so that what a poll finds is never older.
const POLL = 55_000;
const QUIET = 5_000;
const LONGEST_PAUSE = 30_000;
// The server says hello every half minute.
const LONGEST_SILENCE = 80_000;

let seen = Number(page.latest);
let ahead = seen;
let socket = null;
let failures = 0;
let opened = 0;
let asking = false;
let over = false;
let inTouch = Date.now();
let heardAt = Date.now();
let retry = 0;
let repeat = 0;
let silence = 0;

const tell = (name, detail = {}) => document.dispatchEvent(new CustomEvent(name, { detail }));
const timersMoved = (fresh) => tell("live:event", { frame: { kind: "timers" }, fresh });
const isOpen = () => socket?.readyState === WebSocket.OPEN;
const pause = () => Math.min(LONGEST_PAUSE, 1000 * 2 ** failures++) * (0.5 + Math.random());

function accept(frame, fresh) {
  if (frame.id <= seen) return;
  seen = frame.id;
  tell("live:event", { frame, fresh });
}

// The frame of a message and the event number it names; null for anything else.
function read(text) {
  try {
    const frame = JSON.parse(text);
    const number = frame.type === "timers" ? 0 : frame.type === "hello" ? frame.latest : frame.id;
    return Number.isSafeInteger(number) ? { frame, number } : null;
  } catch {
    return null;
  }
}

// Another epoch's numbers are of other events: a backup was put back since this page was drawn.
const begunAnew = (epoch) => epoch !== undefined && epoch !== page.epoch;

function hear(message) {
  heardAt = Date.now();
  const said = read(message.data);
  if (!said) return;
  const { frame, number } = said;
  if (frame.type === "timers") return timersMoved(true);
  if (begunAnew(frame.epoch)) return location.reload();
  ahead = Math.max(ahead, number);
  if (frame.type !== "hello" && number === seen + 1 && !asking) accept(frame, true);
  else if (ahead > seen || (frame.type === "hello" && number < seen)) catchUp();
  if (!asking) inTouch = Date.now();
}

async function catchUp() {
  if (asking || over) return;
  asking = true;
  clearTimeout(repeat);
  const fresh = Date.now() - inTouch < MINUTE;
  try {
    while (await ask(fresh));
    inTouch = Date.now();
  } catch {
    // Without a socket the next hello asks again, or the next poll.
    if (isOpen()) repeat = setTimeout(catchUp, pause());
  } finally {
    asking = false;
  }
}

// One question; true where there is more to ask for.
async function ask(fresh) {
  const known = ahead;
  const answer = await fetch(`${page.events}?after=${seen}`, { headers: { "X-Asked-By": "page" } });
  if (answer.status === 401 || answer.status === 403) return end();
  if (!answer.ok) throw new Error(answer.status);
  const { latest, epoch, events, more = false } = await answer.json();
  if (begunAnew(epoch) || latest < seen) return location.reload();
  const last = more ? events.at(-1).id : latest;
  const hidden = last - seen > events.length;
  for (const frame of events) accept(frame, fresh);
  seen = Math.max(seen, last);
  if (hidden) tell("live:stale");
  // Told meanwhile of what this answer could not know; what it should have known and did not, does not exist.
  const behind = ahead > Math.max(known, seen);
  if (!more && !behind) ahead = seen;
  return more || behind;
}

function connect() {
  clearTimeout(retry);
  if (over || socket) return;
  heardAt = Date.now();
  socket = new WebSocket(page.socket.replace(/^\//, `${location.origin.replace(/^http/, "ws")}/`));
  socket.onopen = () => {
    failures = 0;
    say("");
    // Timers are in no journal: what moved meanwhile is not known.
    if (opened++) timersMoved(false);
  };
  socket.onmessage = hear;
  socket.onclose = closed;
}

function closed({ code }) {
  socket = null;
  if (over) return;
  if (code === 4401 || code === 4403) look();
  // A process that ends sends its pages elsewhere, each at a moment of its own.
  if (code === 4503) connect();
  else retry = setTimeout(connect, pause());
  silence ||= setTimeout(() => {
    silence = 0;
    if (!isOpen() && !over) say("paused");
  }, QUIET);
}

// Whether this page still opens, asked in a way that no console complains of.
async function look() {
  try {
    const answer = await fetch(location.href, { redirect: "manual", headers: { "X-Asked-By": "page" } });
    if (answer.type === "opaqueredirect" || answer.status === 403) end();
  } catch {
    // Offline: the socket comes back, or the next poll tells.
  }
}

function drop() {
  if (!socket) return;
  socket.onopen = socket.onmessage = socket.onclose = null;
  socket.close();
  socket = null;
}

function end() {
  over = true;
  drop();
  say("ended");
  return false;
}

function say(state) {
  for (const line of document.querySelectorAll("[data-live-state]")) line.hidden = line.dataset.liveState !== state;
}

// A socket from which nothing comes any more may be open on this side alone.
setInterval(() => {
  // A clock that was set back would make any silence a short one.
  if (!socket || Math.abs(Date.now() - heardAt) < LONGEST_SILENCE) return;
  drop();
  closed({});
}, QUIET);
setInterval(() => isOpen() || document.hidden || catchUp(), POLL);
addEventListener("online", () => { failures = 0; connect(); });
document.addEventListener("visibilitychange", () => document.hidden || isOpen() || catchUp());
document.addEventListener("live:over", end);
// An open socket would keep the page out of the browser's memory of pages to go back to.
addEventListener("pagehide", drop);
addEventListener("pageshow", (shown) => {
  if (!shown.persisted) return;
  connect();
  catchUp();
});
connect();
