// Says in one line, with its link, what has just happened; leaves by itself, but not under the pointer or the focus.

const MOST = 3;
const SECONDS = 6;

const tray = document.querySelector("[data-toasts]");

function show({ title, message, url }) {
  const toast = document.createElement("p");
  toast.className = "toast";
  const link = document.createElement("a");
  link.textContent = title;
  link.href = url;
  toast.append(link);
  if (message) toast.append(` ${message}`);
  tray.append(toast);
  while (tray.childElementCount > MOST) tray.firstElementChild.remove();
  leave(toast);
}

function leave(toast) {
  setTimeout(() => (toast.matches(":hover, :focus-within") ? leave(toast) : toast.remove()), SECONDS * 1000);
}

const isOurs = (url) => url?.startsWith?.("/") && new URL(url, location.href).origin === location.origin;

document.addEventListener("live:event", ({ detail }) => {
  const { frame, fresh } = detail;
  if (fresh && frame.title && isOurs(frame.url)) show(frame);
});
