// A picture that the kernel draws, and the controls that change it. While a picture is on its
// way only the newest values are remembered, so a fast drag never queues up stale pictures.
let count = 0;

function addSlider(spec, value, row, changed) {
  const input = document.createElement("input");
  const shown = document.createElement("output");
  const digits = (String(spec.step).split(".")[1] || "").length;
  const show = () => { shown.textContent = Number(input.value).toFixed(digits); };
  Object.assign(input, { type: "range", min: spec.low, max: spec.high, step: spec.step });
  input.value = value;
  input.addEventListener("input", () => { show(); changed(Number(input.value)); });
  show();
  row.append(input, shown);
  return { input, set: (v) => { input.value = v; show(); } };
}

function addSelect(spec, value, row, changed) {
  const input = document.createElement("select");
  for (const option of spec.options) input.add(new Option(option, option));
  input.value = value;
  input.addEventListener("change", () => changed(input.value));
  row.append(input);
  return { input, set: (v) => { input.value = v; } };
}

function render({ model, el }) {
  el.classList.add("course-widget");
  el.setAttribute("data-lm-suppress-shortcuts", "true"); // arrow keys belong to the controls
  const id = `course-live-${++count}-${Math.random().toString(36).slice(2, 8)}`;
  const group = document.createElement("div");
  group.setAttribute("role", "group");
  group.setAttribute("aria-label", model.get("question"));
  const question = document.createElement("p");
  question.className = "course-question";
  question.textContent = model.get("question");

  let waiting = false;
  let next = null;
  const send = (values) => {
    waiting = true;
    model.set("values", values);
    model.save_changes();
  };
  const changed = (name, value) => {
    const values = { ...(next || model.get("values")), [name]: value };
    if (waiting) next = values; else send(values);
  };

  const controls = document.createElement("div");
  controls.className = "course-controls";
  const handles = {};
  for (const spec of model.get("controls")) {
    const row = document.createElement("div");
    row.className = "course-control";
    const label = document.createElement("label");
    label.textContent = spec.label;
    row.append(label);
    const add = spec.kind === "slider" ? addSlider : addSelect;
    const handle = add(spec, model.get("values")[spec.name], row, (v) => changed(spec.name, v));
    handle.input.id = `${id}-${spec.name}`;
    handle.input.setAttribute("aria-label", spec.label);
    label.htmlFor = handle.input.id;
    handles[spec.name] = handle;
    controls.append(row);
  }

  const picture = document.createElement("img");
  const caption = document.createElement("div");
  caption.className = "course-caption";
  caption.setAttribute("aria-live", "polite");
  let address = null;
  const showPicture = () => {
    const old = address;
    address = URL.createObjectURL(new Blob([model.get("picture")], { type: "image/png" }));
    picture.src = address;
    picture.onload = () => { if (old) URL.revokeObjectURL(old); };
    waiting = false;
    if (next) { const values = next; next = null; send(values); }
  };
  const showDescription = () => {
    picture.alt = model.get("description");
    caption.textContent = model.get("description");
  };
  const showValues = () => {
    if (next) return;
    for (const [name, value] of Object.entries(model.get("values"))) handles[name]?.set(value);
  };
  model.on("change:picture", showPicture);
  model.on("change:description", showDescription);
  model.on("change:values", showValues);
  showPicture();
  showDescription();
  group.append(question, controls, picture, caption);
  el.append(group);
  return () => {
    model.off("change:picture", showPicture);
    model.off("change:description", showDescription);
    model.off("change:values", showValues);
    if (address) URL.revokeObjectURL(address);
  };
}

export default { render };
