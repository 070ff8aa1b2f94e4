// Lets running timers run: `data-running-since` holds the instant, the text hours and minutes since.

function tick() {
  for (const timer of document.querySelectorAll("[data-running-since]")) {
    const minutes = Math.max(0, Math.floor((Date.now() - Date.parse(timer.dataset.runningSince)) / 60_000));
    timer.textContent = `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}`;
  }
}

document.addEventListener("live:redrawn", tick);
setInterval(tick, 5000);
