// The sample of a portal's look follows what is typed; what a colour becomes the server says, in a stylesheet.
const samples = document.querySelector("[data-samples]");
const colours = document.querySelector("[data-sample-colours]");
const field = (name) => document.getElementById(`id_${name}`);
// Dragging in a picker sends more events than there need be stylesheets.
let asking;
const COLOUR = /^#[0-9a-f]{6}$/i;

const follow = (names, draw) => {
  for (const name of names) field(name)?.addEventListener("input", draw);
};

const nameIt = () => {
  const name = field("brand_name").value.trim() || field("name").value.trim() || samples.dataset.client;
  for (const shown of samples.querySelectorAll("[data-sample-name]")) shown.textContent = name;
};

const welcome = () => {
  const words = field("brand_welcome").value.trim();
  for (const shown of samples.querySelectorAll("[data-sample-welcome]")) {
    shown.textContent = words;
    shown.hidden = !words;
  }
};

const colour = () => {
  const typed = field("brand_colour").value.trim();
  if (typed && !COLOUR.test(typed)) return;
  if (typed) picker.value = typed;
  clearTimeout(asking);
  asking = setTimeout(() => {
    colours.href = `${colours.dataset.sampleColours}?${new URLSearchParams({ colour: typed })}`;
  }, 150);
};

const picker = document.createElement("input");

const offerPicker = (text) => {
  picker.type = "color";
  picker.className = "colour-picker";
  picker.setAttribute("aria-label", text.labels[0]?.textContent.replace(/:\s*$/, "") ?? "");
  picker.value = COLOUR.test(text.value) ? text.value : text.placeholder;
  picker.addEventListener("input", () => {
    text.value = picker.value;
    text.dispatchEvent(new Event("input"));
  });
  text.after(picker);
};

if (samples && field("brand_colour")) {
  offerPicker(field("brand_colour"));
  follow(["brand_name", "name"], nameIt);
  follow(["brand_welcome"], welcome);
  follow(["brand_colour"], colour);
}
