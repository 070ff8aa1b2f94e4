// Lays the dashboard out: opens the form of its own page in a dialog, where rows move by mouse, touch and keys, saves
// through the preferences and draws the widgets anew in place.

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-customize]");
  if (!opener || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  open(opener.href);
});

async function open(address) {
  const page = await read(address);
  const content = page?.querySelector("[data-arrange]");
  if (!content) return location.assign(address);
  const dialog = document.createElement("dialog");
  dialog.className = "dialog";
  dialog.setAttribute("aria-labelledby", "arrange-title");
  dialog.append(document.adoptNode(content));
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  prepare(dialog, dialog.querySelector("form"));
  dialog.showModal();
}

async function read(address, options) {
  try {
    const answer = await fetch(address, options);
    if (answer.status === 401 || answer.status === 403) location.reload();
    return answer.ok ? new DOMParser().parseFromString(await answer.text(), "text/html") : null;
  } catch {
    return null;
  }
}

function prepare(dialog, form) {
  for (const handle of form.querySelectorAll("[data-handle]")) handle.hidden = false;
  form.addEventListener("change", ({ target }) => target.name === "widget_ids" && toggle(form, target));
  form.addEventListener("keydown", (event) => {
    const row = event.target.matches("[data-handle]") && event.target.closest("[data-row]");
    const place = row && { ArrowUp: placeOf(row) - 1, ArrowDown: placeOf(row) + 1, Home: 0, End: Infinity }[event.key];
    if (place === undefined || place === false) return;
    event.preventDefault();
    move(form, row, place);
  });
  form.addEventListener("pointerdown", (event) => {
    const handle = event.target.closest("[data-handle]");
    if (handle && event.isPrimary && event.button === 0) drag(form, handle, event);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const { name, value } = event.submitter ?? {};
    if (name === "move") nudge(form, event.submitter.closest("[data-row]"), value);
    else send(dialog, form, name === "reset");
  });
  dialog.querySelector("[data-close]").addEventListener("click", (event) => {
    event.preventDefault();
    dialog.close();
  });
}

// Rows

const placeOf = (row) => [...row.parentElement.children].indexOf(row);
const nudge = (form, row, value) => move(form, row, placeOf(row) + (value.startsWith("up:") ? -1 : 1));

// The others move around the row, so that it keeps the focus and the pointer.
function shift(row, place) {
  const last = row.parentElement.children.length - 1;
  const wanted = Math.min(Math.max(place, 0), last);
  while (placeOf(row) < wanted) row.before(row.nextElementSibling);
  while (placeOf(row) > wanted) row.after(row.previousElementSibling);
  row.scrollIntoView({ block: "nearest" });
}

function move(form, row, place) {
  shift(row, place);
  tell(form, row, form.dataset.saidPosition);
}

function toggle(form, box) {
  const row = box.closest("[data-row]");
  form.querySelector(box.checked ? "[data-shown]" : "[data-available]").append(row);
  box.focus();
  tell(form, row, box.checked ? form.dataset.saidPosition : form.dataset.saidHidden);
}

function tell(form, row, words) {
  const said = { name: row.dataset.row, place: placeOf(row) + 1, count: row.parentElement.children.length };
  form.querySelector("[data-spoken]").textContent = words.replace(/\{(\w+)\}/g, (_all, key) => said[key]);
}

function drag(form, handle, { pointerId }) {
  const row = handle.closest("[data-row]");
  const middle = (other) => other.getBoundingClientRect().top + other.offsetHeight / 2;
  const follow = ({ clientY }) => {
    const [before, after] = [row.previousElementSibling, row.nextElementSibling];
    if (after && clientY > middle(after)) shift(row, placeOf(row) + 1);
    else if (before && clientY < middle(before)) shift(row, placeOf(row) - 1);
  };
  const drop = () => {
    handle.removeEventListener("pointermove", follow);
    row.classList.remove("arrange-dragged");
    tell(form, row, form.dataset.saidPosition);
  };
  handle.setPointerCapture(pointerId);
  row.classList.add("arrange-dragged");
  handle.addEventListener("pointermove", follow);
  handle.addEventListener("lostpointercapture", drop, { once: true });
}

// Saving

async function send(dialog, form, isReset) {
  const page = isReset ? await read(form.action, { method: "POST", body: resetOf(form) }) : await save(form);
  form.querySelector("[data-problem]").hidden = Boolean(page);
  if (!page) return;
  const fresh = page.querySelector("[data-dashboard]");
  if (!fresh) return location.reload();
  dialog.close();
  document.querySelector("[data-dashboard]").replaceWith(document.adoptNode(fresh));
  if (document.activeElement === document.body) document.querySelector("[data-customize]")?.focus();
  document.querySelector("[data-customize-said]").textContent = form.dataset.saidSaved;
  document.dispatchEvent(new CustomEvent("live:redrawn"));
}

function resetOf(form) {
  const sent = new FormData(form);
  sent.set("reset", "1");
  return sent;
}

// The page as it is after saving, or nothing.
async function save(form) {
  const names = new FormData(form).getAll("widget_ids");
  const saved = await read(form.dataset.preferences, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-CSRFToken": form.elements.csrfmiddlewaretoken.value },
    body: JSON.stringify({ widget_ids: names, widget_order: names }),
  });
  return saved && read(location.href);
}
