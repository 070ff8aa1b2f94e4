// Draws parts of the page anew: those whose `data-stale-on` names what happened, fetched from the page's own address.

const PATIENCE = 60;
const AGAIN = 3000;
const LONGEST_PAUSE = 60_000;

const stale = new Set();
let waiting = 0;
let fetching = false;
let failures = 0;

const parts = () => [...document.querySelectorAll("[data-part]")];

function mark(wanted) {
  for (const part of parts()) if (wanted(part)) stale.add(part.id);
  if (stale.size && !document.hidden) soon(PATIENCE);
}

// What is waited for already is not put off: events may come faster than this for a long while.
function soon(pause) {
  waiting ||= setTimeout(redraw, pause);
}

async function redraw() {
  waiting = 0;
  if (fetching || !stale.size) return;
  fetching = true;
  const wanted = [...stale];
  stale.clear();
  busy(wanted, true);
  try {
    const answer = await fetch(location.href, { headers: { "X-Asked-By": "page" } });
    if (answer.redirected || answer.status === 403 || answer.status === 404) return location.reload();
    if (!answer.ok) throw new Error(answer.status);
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    busy(wanted, false);
    for (const id of wanted) replace(document.getElementById(id), fresh.getElementById(id));
    failures = 0;
  } catch {
    busy(wanted, false);
    for (const id of wanted) stale.add(id);
    soon(Math.min(LONGEST_PAUSE, AGAIN * 2 ** failures++) * (0.5 + Math.random()));
  } finally {
    fetching = false;
  }
  for (const line of document.querySelectorAll("[data-behind]")) line.hidden = !failures;
  if (stale.size) soon(PATIENCE);
}

function busy(ids, whether) {
  for (const part of ids.map((id) => document.getElementById(id))) {
    if (whether) part?.setAttribute("aria-busy", "true");
    else part?.removeAttribute("aria-busy");
  }
}

function replace(old, fresh) {
  old?.classList.remove("redrawn");
  if (!old || !fresh || old.isEqualNode(fresh)) return;
  const focused = old.contains(document.activeElement) ? document.activeElement : null;
  // A copy: the part may hold others that are wanted as well.
  fresh = document.importNode(fresh, true);
  fresh.classList.add("redrawn");
  const heir = focused && (alike(focused, fresh) ?? inPlaceOf(focused, old, fresh));
  old.replaceWith(fresh);
  heir?.focus({ preventScroll: true });
  document.dispatchEvent(new CustomEvent("live:redrawn"));
}

// What in a fresh part leads where an element of the old one led, with the same words.
function alike(element, fresh) {
  const same = (one) => one.textContent === element.textContent && one.getAttribute("href") === element.getAttribute("href");
  return [...fresh.querySelectorAll(element.localName)].find(same);
}

// What stands in a fresh part where an element stood in the old one.
function inPlaceOf(element, part, fresh) {
  const place = [];
  for (; element !== part; element = element.parentElement) {
    place.unshift([...element.parentElement.children].indexOf(element));
  }
  return place.reduce((node, index) => node?.children[index], fresh);
}

document.addEventListener("live:event", ({ detail }) =>
  mark((part) => part.dataset.staleOn.split(" ").includes(detail.frame.kind)),
);
document.addEventListener("live:stale", () => mark(() => true));
document.addEventListener("visibilitychange", () => document.hidden || !stale.size || soon(PATIENCE));

// Tabs of one browser agree on who is signed in and on what was read: each says who it was drawn for and what its header
// counts. Who counts otherwise looks again, and a tab of another viewer is over.
const tabs = new BroadcastChannel("client-portal");
const viewer = document.body.dataset.viewer;
const counted = () => document.getElementById("part-bell")?.dataset.counted;
tabs.onmessage = ({ data }) => {
  if (data.viewer !== viewer) document.dispatchEvent(new CustomEvent("live:over"));
  else if (data.counted !== counted()) mark((part) => part.id === "part-bell" || part.id === "part-notifications");
};
addEventListener("pageshow", () => tabs.postMessage({ viewer, counted: counted() }));
